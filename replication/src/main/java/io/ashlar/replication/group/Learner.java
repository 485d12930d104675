package io.ashlar.replication.group;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.ProcessId;
import java.util.ArrayDeque;
import java.util.TreeMap;

/** A learner as its primary sees it. Owned by the group's shard. */
final class Learner {
    final ProcessId process;

    /** Where it keeps the group; what a member's promise is bound to. */
    final DeviceId device;

    /** Of the targets under which it asked to learn. */
    final long targetsIndex;

    /** Bytes that it lets this process have in flight, over all groups. */
    final long copyBytesMax;

    final long learnId;
    final boolean full;

    /** Whether it has a part of the group already, and lacks what happened since. */
    final boolean returns;

    /** Of the first entry that it gets. */
    final long firstSequence;

    /** What is to be copied yet. */
    final ArrayDeque<BlockRange> copies = new ArrayDeque<>();

    /** Digests of the learner's own chunks, while they come in. */
    final TreeMap<ChunkId, Long> inventory = new TreeMap<>();

    /** Whether all copies are in {@link #copies} or done. */
    boolean listed;

    /** Copies being read. */
    int reading;

    /** Bytes read or sent that the learner has not confirmed. */
    int bytesInFlight;

    /** When it was last asked whether it is there. */
    long askedNanos;

    /** Bytes of copies sent to it so far. */
    long copiedBytes;

    /** Whether it was told that it has everything. */
    boolean doneSent;

    /** Whether it has everything, on stable storage. */
    boolean level;

    /** All entries since it began up to here are on its stable storage. */
    long durable;

    /** Entries that were sent and are not confirmed, and the bytes of their data. */
    private final ArrayDeque<Sent> backlog = new ArrayDeque<>();

    private long backlogBytes;

    long progressNanos;

    private record Sent(long sequence, int bytes) {}

    Learner(
            ProcessId process,
            DeviceId device,
            long targetsIndex,
            long copyBytesMax,
            long learnId,
            boolean full,
            boolean returns,
            long nextSequence,
            long nowNanos) {
        this.process = process;
        this.device = device;
        this.targetsIndex = targetsIndex;
        this.copyBytesMax = copyBytesMax;
        this.learnId = learnId;
        this.full = full;
        this.returns = returns;
        this.listed = !full;
        this.firstSequence = nextSequence;
        this.durable = nextSequence - 1;
        this.progressNanos = nowNanos;
        this.askedNanos = nowNanos;
    }

    void onSent(long sequence, int bytes) {
        backlog.addLast(new Sent(sequence, bytes));
        backlogBytes += bytes;
    }

    /** Takes the confirmation of all entries up to a sequence. */
    void onDurable(long sequence) {
        durable = Math.max(durable, sequence);
        while (!backlog.isEmpty() && backlog.getFirst().sequence() <= durable) {
            backlogBytes -= backlog.removeFirst().bytes();
        }
    }

    /** Bytes of entries that wait in its memory, or on the way there. */
    long backlogBytes() {
        return backlogBytes;
    }
}
