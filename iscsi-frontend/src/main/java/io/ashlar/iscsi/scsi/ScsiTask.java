package io.ashlar.iscsi.scsi;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.MoveResult;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One command as the command set sees it: the transport below it moves data and status. Of {@link
 * #good}, {@link #goodWith}, {@link #check}, {@link #status} and {@link #abortedByOther} exactly
 * one is called, once. A task that is aborted meanwhile swallows all further calls, and its
 * continuations do not run.
 */
public interface ScsiTask {
    /** At least 16 bytes; what is not sent is zero. */
    byte[] cdb();

    /** The logical unit number as the initiator sent it. */
    long lun();

    /** How much data the initiator has for the command, bytes; 0 if it only reads. */
    long offeredBytes();

    /** Whether its session has the task management functions of RFC 7144. */
    boolean hasQueries();

    /** Whether it has ended, or was aborted. */
    boolean isOver();

    /** Whether other commands are in progress in this session. */
    boolean hasCompany();

    /**
     * Gets {@code bytes} of data from the initiator, or all if it has less, then runs {@code next}.
     * What a command gets counts as its transfer length, so call this once, before any {@link
     * #submit}.
     */
    void receive(int bytes, Runnable next);

    /** What was received. The array is given away: nobody writes to it any more. */
    Payload received();

    /**
     * Runs {@code next} when there is memory for {@code bytes} of data from below. What was
     * received is given up by that.
     */
    void reserve(int bytes, Runnable next);

    /** Hands an I/O down. At most one at a time. */
    void submit(IoRequest request, Consumer<IoResult> done);

    /** Whether reservations let this session do such a thing, as this node knows them. */
    boolean isPermitted(VolumeId volume, AccessKind kind);

    /**
     * Asks for the volume's reservations, not older than this call; none if the cluster cannot be
     * asked.
     */
    void reservations(VolumeId volume, Consumer<Optional<ReservationTable>> done);

    /**
     * Has a node own the volume. The outcome comes when that node serves, or it is clear why it
     * does not; a task that is aborted meanwhile takes nothing back.
     */
    void move(VolumeId volume, NodeId target, Consumer<MoveResult> done);

    /** GOOD, without data for the initiator. */
    void good();

    /** GOOD with data for the initiator. */
    void goodWith(Payload data);

    /** CHECK CONDITION. */
    void check(Sense sense);

    /** A status that has no sense data. */
    void status(int status);

    /**
     * Another I_T nexus has aborted it. It ends as TAS of the control mode page has it, SAM-5
     * section 5.3.1: with TASK ABORTED, or without a status and with a unit attention.
     */
    void abortedByOther();
}
