package io.ashlar.volume.ingress;

import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import org.jspecify.annotations.Nullable;

/** What can be said of a command by itself. */
final class CommandChecks {
    private CommandChecks() {}

    /** Null if it is in order. */
    static @Nullable IoError check(IoRequest request, VolumeRecord volume) {
        return switch (request) {
            case IoRequest.Read read -> check(read.offset(), read.length(), true, volume);
            case IoRequest.Write write ->
                    check(write.offset(), write.data().length(), true, volume);
            case IoRequest.OrWrite or -> check(or.offset(), or.data().length(), true, volume);
            case IoRequest.Zero zero -> check(zero.offset(), zero.length(), false, volume);
            case IoRequest.CompareAndWrite compare ->
                    compare.data().length() != volume.logicalBlockBytes()
                                    || compare.compared().length() != compare.data().length()
                            ? IoError.INTERNAL // the front end is to see to that
                            : check(compare.offset(), compare.data().length(), true, volume);
            case IoRequest.Settle settle ->
                    check(settle.offset(), settle.mark().length(), false, volume);
            case IoRequest.Flush _, IoRequest.ChangeReservations _ -> null;
        };
    }

    private static @Nullable IoError check(
            long offset, long length, boolean isData, VolumeRecord volume) {
        if (offset < 0
                || length < 0
                || length > volume.bytes()
                || offset > volume.bytes() - length) {
            return IoError.OUT_OF_RANGE;
        }
        int block = volume.logicalBlockBytes();
        if (offset % block != 0
                || length % block != 0
                || (isData && length > IoRequest.TRANSFER_BYTES_MAX)) {
            return IoError.INTERNAL; // a front end's mistake: it knows these limits
        }
        return null;
    }
}
