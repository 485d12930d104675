package io.ashlar.volume;

import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationChange;

/**
 * One command for a volume. Offsets and lengths are bytes and multiples of the volume's logical
 * block. Lengths are at most {@link #TRANSFER_BYTES_MAX} where data travels.
 */
public sealed interface IoRequest {
    /**
     * Most data of one read or write, in bytes; what front ends report as their maximum transfer
     * length.
     */
    int TRANSFER_BYTES_MAX = 8 * 1024 * 1024;

    /** The volume that is meant. */
    VolumeId volume();

    /** Reads {@code length} bytes; what was never written reads as zeros. */
    record Read(VolumeId volume, long offset, int length) implements IoRequest {}

    /**
     * Writes {@code data}. With {@code forceUnitAccess} it is on stable storage when answered,
     * whatever the volume says.
     */
    record Write(VolumeId volume, long offset, Payload data, boolean forceUnitAccess)
            implements IoRequest {}

    /**
     * Sets bits: what is there, OR {@code data}. One step where it lies in one stretch of {@link
     * VolumeInfo#atomicBytes}, else one for each. It is on stable storage when answered.
     */
    record OrWrite(VolumeId volume, long offset, Payload data) implements IoRequest {}

    /**
     * Writes {@code data} if {@code compared} is there, as one step. Both are one logical block
     * long. Answered {@link IoResult.Miscompared} if something else is there. It is on stable
     * storage when answered.
     */
    record CompareAndWrite(VolumeId volume, long offset, Payload compared, Payload data)
            implements IoRequest {}

    /**
     * The host has the answer of a {@link CompareAndWrite}. The volume makes it of {@link
     * HostConnection#delivered}; front ends do not.
     */
    record Settle(VolumeId volume, long offset, CompareMark mark) implements IoRequest {}

    /**
     * Makes a range read as zeros, of any length up to the volume's end. With {@code deallocate}
     * whole blocks give their space back; the range reads as zeros either way.
     */
    record Zero(VolumeId volume, long offset, long length, boolean deallocate)
            implements IoRequest {}

    /** Puts everything that was answered before on stable storage. */
    record Flush(VolumeId volume) implements IoRequest {}

    /**
     * Changes the volume's reservations. Done when it holds on every node: nothing that it forbids
     * can take effect any more, and after a preemption with abort nothing is left of what the
     * preempted sent.
     */
    record ChangeReservations(VolumeId volume, ReservationChange change) implements IoRequest {}
}
