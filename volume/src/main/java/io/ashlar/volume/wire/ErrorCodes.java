package io.ashlar.volume.wire;

import io.ashlar.common.WireFormatException;
import io.ashlar.volume.IoError;

/** Codes of {@link IoError} between nodes; they do not follow the order of the enum. */
final class ErrorCodes {
    private ErrorCodes() {}

    static int of(IoError error) {
        return switch (error) {
            case OUT_OF_RANGE -> 1;
            case NO_SUCH_VOLUME -> 2;
            case UNRECOVERED_READ -> 3;
            case WRITE_FAULT -> 4;
            case MISCOMPARE -> 5;
            case OUT_OF_SPACE -> 6;
            case READ_ONLY -> 7;
            case RESERVATION_CONFLICT -> 8;
            case FENCED -> 9;
            case UNREACHABLE -> 10;
            case IN_TRANSITION -> 11;
            case OVERLOADED -> 12;
            case ABORTED -> 13;
            case INTERNAL -> 14;
            case INVALID_RELEASE -> 15;
            case INVALID_RESERVATION -> 16;
            case NO_REGISTRATION_ROOM -> 17;
        };
    }

    static IoError error(int code) {
        for (IoError error : IoError.values()) {
            if (of(error) == code) {
                return error;
            }
        }
        throw new WireFormatException("error code " + code);
    }
}
