package io.ashlar.common;

/**
 * One chunk of one layer of a volume.
 *
 * @param volume the volume
 * @param layer the generation of the volume's contents, from 1; never reused
 * @param index the chunk's number in the volume's address space, from 0
 */
public record ChunkId(VolumeId volume, long layer, long index) implements Comparable<ChunkId> {
    public ChunkId {
        Check.argument(layer > 0 && index >= 0, "layer %s, chunk %s", layer, index);
    }

    @Override
    public int compareTo(ChunkId other) {
        int byVolume = volume.compareTo(other.volume);
        if (byVolume != 0) {
            return byVolume;
        }
        int byIndex = Long.compare(index, other.index);
        return byIndex != 0 ? byIndex : Long.compare(layer, other.layer);
    }

    @Override
    public String toString() {
        return volume + "/" + layer + "/" + index;
    }
}
