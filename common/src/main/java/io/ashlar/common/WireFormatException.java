package io.ashlar.common;

/**
 * Bytes from a disk or a peer that do not decode: truncated, out of limits, or of an unknown
 * version.
 */
public final class WireFormatException extends RuntimeException {
    public WireFormatException(String message) {
        super(message);
    }
}
