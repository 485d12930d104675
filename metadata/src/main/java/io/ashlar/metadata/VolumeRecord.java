package io.ashlar.metadata;

import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationTable;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A volume.
 *
 * @param id never reused
 * @param name unique
 * @param pool its pool
 * @param bytes its size, a multiple of 4096
 * @param chunkBytes the unit of placement, a power of two
 * @param logicalBlockBytes 512 or 4096
 * @param base the placement group of chunk 0
 * @param layer the newest layer; only this one is written
 * @param identity what NAA, EUI-64 and serial are made of
 * @param owner the process that admits I/O
 * @param accessEpoch rises with every change of owner
 * @param ownerIndex the log index at which the present owner was made so
 * @param former the owner before this one; null if there was none
 * @param isHandedOver whether the former owner itself moved the volume here, when it had drained
 *     what it admitted; if not, the volume was taken from it, whatever it was doing
 * @param anyHostLun the LUN under which every host sees it, or -1 if only mapped hosts do
 * @param reservations who may do what with it
 */
public record VolumeRecord(
        VolumeId id,
        String name,
        int pool,
        long bytes,
        int chunkBytes,
        int logicalBlockBytes,
        int base,
        long layer,
        UUID identity,
        ProcessId owner,
        long accessEpoch,
        long ownerIndex,
        @Nullable ProcessId former,
        boolean isHandedOver,
        int anyHostLun,
        ReservationTable reservations) {

    /** The placement group of a chunk: consecutive chunks fall on consecutive groups. */
    public PgId placementGroup(long chunk, Pool pool) {
        return new PgId(pool.id(), (int) ((base + chunk) & (pool.pgCount() - 1)));
    }

    public ChunkId chunk(long index) {
        return new ChunkId(id, layer, index);
    }

    public long chunkCount() {
        return (bytes + chunkBytes - 1) / chunkBytes;
    }

    /** The same volume with another owner, at the next access epoch. */
    VolumeRecord ownedBy(ProcessId newOwner, boolean handedOver, long index) {
        return new VolumeRecord(
                id,
                name,
                pool,
                bytes,
                chunkBytes,
                logicalBlockBytes,
                base,
                layer,
                identity,
                newOwner,
                accessEpoch + 1,
                index,
                owner,
                handedOver,
                anyHostLun,
                reservations);
    }

    /** The same volume with another size. */
    public VolumeRecord withBytes(long newBytes) {
        return new VolumeRecord(
                id,
                name,
                pool,
                newBytes,
                chunkBytes,
                logicalBlockBytes,
                base,
                layer,
                identity,
                owner,
                accessEpoch,
                ownerIndex,
                former,
                isHandedOver,
                anyHostLun,
                reservations);
    }

    /** The same volume with other reservations. */
    public VolumeRecord with(ReservationTable newReservations) {
        return new VolumeRecord(
                id,
                name,
                pool,
                bytes,
                chunkBytes,
                logicalBlockBytes,
                base,
                layer,
                identity,
                owner,
                accessEpoch,
                ownerIndex,
                former,
                isHandedOver,
                anyHostLun,
                newReservations);
    }
}
