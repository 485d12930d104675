package io.ashlar.volume.owner;

/** Data of the parts that this node holds as owner, of all volumes (DESIGN section 9). */
final class OwnedBytes {
    private final long max;
    private long bytes;

    OwnedBytes(long max) {
        this.max = max;
    }

    void add(OwnedPart part) {
        bytes += part.message.action().dataBytes();
    }

    void remove(OwnedPart part) {
        bytes -= part.message.action().dataBytes();
    }

    boolean isOver() {
        return bytes > max;
    }
}
