package io.ashlar.replication;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import java.util.List;

/**
 * What the owner of a volume asks of a placement group. Each carries the owner's access epoch: a
 * primary refuses one lower than the highest that it knows (DESIGN section 6, rule 2).
 */
public sealed interface PgRequest {
    PgId pg();

    VolumeId volume();

    long accessEpoch();

    /**
     * Writes inside one chunk. The primary widens it to whole blocks.
     *
     * @param offset byte offset in the chunk, a multiple of 512
     * @param data 512 bytes to 1 MiB
     * @param checksums CRC-32C of each part of the data that lies in one 4 KiB block, in order;
     *     computed where the data entered the cluster
     */
    record Write(
            PgId pg, long accessEpoch, ChunkId chunk, int offset, Payload data, int[] checksums)
            implements PgRequest {
        @Override
        public VolumeId volume() {
            return chunk.volume();
        }
    }

    /**
     * Sets bits inside one chunk: what is there, OR the data, as one step. Done by the primary,
     * while it holds the blocks; a copy that is executed twice changes nothing more (ADR 11).
     *
     * @param offset byte offset in the chunk, a multiple of 512
     * @param data 512 bytes to 1 MiB
     * @param checksums as in {@link Write}
     */
    record OrWrite(
            PgId pg, long accessEpoch, ChunkId chunk, int offset, Payload data, int[] checksums)
            implements PgRequest {
        @Override
        public VolumeId volume() {
            return chunk.volume();
        }
    }

    /**
     * Reads inside one chunk.
     *
     * @param offset byte offset in the chunk, a multiple of 512
     * @param length 512 bytes to 1 MiB, a multiple of 512
     */
    record Read(PgId pg, long accessEpoch, ChunkId chunk, int offset, int length)
            implements PgRequest {
        @Override
        public VolumeId volume() {
            return chunk.volume();
        }
    }

    /**
     * Writes one logical block if it holds what it is compared with; done by the primary, while it
     * holds the block. A repetition of a command whose mark still stands is answered as the first
     * was (ADR 9).
     *
     * @param compared what the block must hold; 512 or 4096 bytes, inside one 4 KiB block
     * @param data what it holds then, as long
     * @param checksums CRC-32C of the one and of the other
     * @param mark whose command it is; its place is the place of both
     * @param answered earlier commands for this place whose answers the host had when it sent this
     *     one, which is therefore no repetition of them; not of those whose marks are settled
     */
    record CompareAndWrite(
            PgId pg,
            long accessEpoch,
            ChunkId chunk,
            Payload compared,
            Payload data,
            int[] checksums,
            CompareMark mark,
            List<CompareMark.Command> answered)
            implements PgRequest {
        @Override
        public VolumeId volume() {
            return chunk.volume();
        }
    }

    /** The host has the answer of that command: what it sends from here on is no repetition. */
    record Settle(PgId pg, long accessEpoch, ChunkId chunk, CompareMark mark) implements PgRequest {
        @Override
        public VolumeId volume() {
            return chunk.volume();
        }
    }

    /** Makes whole blocks read as zeros and gives their space back. */
    record Trim(PgId pg, long accessEpoch, BlockRange range) implements PgRequest {
        @Override
        public VolumeId volume() {
            return range.chunk().volume();
        }
    }

    /**
     * Installs an access epoch; answered when all that the primary accepted for the volume under a
     * lower one is decided.
     */
    record Fence(PgId pg, VolumeId volume, long accessEpoch) implements PgRequest {}
}
