package io.ashlar.chunkstore;

import org.jspecify.annotations.Nullable;

/**
 * A device that cannot be formatted, opened or read at the start. The message is for an operator:
 * it names the directory, what is wrong, and what to do. Nothing was damaged by trying.
 */
public final class DeviceException extends RuntimeException {
    private final boolean isDeviceBroken;

    public DeviceException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    public DeviceException(String message) {
        this(message, null, false);
    }

    private DeviceException(String message, @Nullable Throwable cause, boolean isDeviceBroken) {
        super(message, cause);
        this.isDeviceBroken = isDeviceBroken;
    }

    /** One of which the disk, or what lies on it, is the cause, and not how it was set up. */
    public static DeviceException broken(String message, @Nullable Throwable cause) {
        return new DeviceException(message, cause, true);
    }

    /**
     * Whether the device is damaged or its disk does not work: others of the node can go on without
     * it, and nothing but another disk, or a new format, will help.
     */
    public boolean isDeviceBroken() {
        return isDeviceBroken;
    }
}
