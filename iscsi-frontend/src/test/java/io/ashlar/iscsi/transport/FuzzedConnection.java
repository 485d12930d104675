package io.ashlar.iscsi.transport;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.fuzz.Claim;
import io.ashlar.iscsi.login.LoginLimits;
import io.ashlar.iscsi.session.MemoryBudget;
import io.ashlar.iscsi.session.SessionLimits;
import io.ashlar.iscsi.session.SessionRegistry;
import io.ashlar.iscsi.session.TargetContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * One connection as a node has it, but for the socket: the handler that ships in a Netty pipeline
 * whose clock stands still until it is told otherwise. It counts every buffer that is taken.
 */
final class FuzzedConnection {
    static final String TARGET = "iqn.2026-11.io.ashlar:test";
    static final int WINDOW = 8;

    private static final int LUN_BYTES = 256 * 1024;
    private static final int SEGMENT_MAX = 0xFF_FFFF;
    private static final int ANSWERS_MAX = 20_000;
    private static final int SECONDS_TO_THE_END = 60;

    private final RamVolumeService volumes =
            new RamVolumeService()
                    .with(0, LUN_BYTES, 512, false)
                    .with(1, LUN_BYTES, 512, true)
                    .with(2, LUN_BYTES, 4096, false);
    private final TargetContext target =
            new TargetContext(
                    TARGET,
                    volumes,
                    new SessionLimits(WINDOW, 4, 1 << 20, 10, 10, 10),
                    new LoginLimits(65_536, 65_536, 16_384, 4, 16_384, 16),
                    new SessionRegistry(),
                    new MemoryBudget(1 << 24),
                    bytes -> new byte[bytes], // foreseeable, so that a finding can be repeated
                    SessionRules.ALL);
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final AnswerStream answers;
    private int pastLogin;
    private boolean writable = true;

    /**
     * @param segmentMax longest data segment that the initiator declares, in bytes; 0 if unknown
     */
    FuzzedConnection(int segmentMax) {
        answers = new AnswerStream(segmentMax == 0 ? SEGMENT_MAX : segmentMax, WINDOW);
        channel.freezeTime();
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(new ConnectionHandler(target, channel, () -> pastLogin++));
        channel.pipeline().fireChannelActive();
    }

    AnswerStream answers() {
        return answers;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    /** How long I/Os take from now on. */
    void slow(long nanos) {
        volumes.delayNanos(nanos);
    }

    /**
     * Bytes come out of the socket.
     *
     * @param queueEmpty whether there are no more in its queue
     */
    void read(byte[] bytes, boolean queueEmpty) {
        if (channel.isOpen()) {
            ByteBuf in = allocator.heapBuffer(bytes.length + (queueEmpty ? 1 : 0));
            channel.writeInbound(in.writeBytes(bytes));
            takeAnswers();
        }
    }

    /** The same in two reads. */
    void readInTwo(byte[] bytes, int first) {
        int cut = Math.min(first, bytes.length);
        read(Arrays.copyOf(bytes, cut), false);
        read(Arrays.copyOfRange(bytes, cut, bytes.length), true);
    }

    /** The initiator stops taking answers, or goes on. */
    void toggleWritable() {
        boolean isWritable = !writable;
        writable = isWritable;
        // in the event loop, as by a socket; else tasks would run in the middle of others
        channel.eventLoop()
                .execute(() ->
                        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, isWritable));
        channel.runPendingTasks();
        takeAnswers();
    }

    void pass(long nanos) {
        channel.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
        channel.runPendingTasks();
        takeAnswers();
    }

    private void takeAnswers() {
        ByteBuf sent = channel.readOutbound();
        while (sent != null) {
            answers.add(sent);
            sent.release();
            sent = channel.readOutbound();
        }
        Claim.within(answers.count(), 0, ANSWERS_MAX, "number of answers");
    }

    /** The connection is cut; then nothing of it may be left. */
    void end() {
        channel.close();
        channel.runPendingTasks();
        pass(TimeUnit.SECONDS.toNanos(SECONDS_TO_THE_END));
        takeAnswers();
        channel.finishAndReleaseAll();
        answers.end();
        Claim.that(pastLogin == 1, "a connection leaves the half-open ones once");
        Claim.that(target.budget().used() == 0, "all memory of commands is given back");
        Claim.that(target.sessions().size() == 0, "no session is left");
        Claim.that(volumes.isUnused(), "no association is left");
        Claim.that(
                allocator.metric().usedHeapMemory() == 0
                        && allocator.metric().usedDirectMemory() == 0,
                "all buffers are released");
    }
}
