package io.ashlar.systemtests.overload;

import io.ashlar.systemtests.iscsi.IscsiSession;
import io.ashlar.systemtests.iscsi.ScsiCommand;
import io.ashlar.systemtests.iscsi.ScsiResult;
import io.ashlar.systemtests.iscsi.SessionOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * Many initiators at one node, each with many commands outstanding, which only count what they get:
 * the data is looked at by others. A refusal is repeated after a moment, as hosts do.
 */
final class Crowd implements AutoCloseable {
    private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration RETRY = Duration.ofMillis(50);
    private static final int WRITE_PERCENT = 60;

    /** One host's commands go to a range of its own, so that no two writes wait for each other. */
    private static final int RANGE_BYTES = 1 << 20;

    private final int lun;
    private final byte[] data;
    private final List<IscsiSession> sessions = new ArrayList<>();
    private final List<Thread> workers = new ArrayList<>();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final LongAdder done = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private volatile boolean stopping;

    /**
     * @param bytes of one command
     */
    Crowd(int lun, int bytes) {
        this.lun = lun;
        this.data = new byte[bytes];
        new SplittableRandom(1).nextBytes(data);
    }

    /** Bytes from the beginning of the unit that so many initiators touch. */
    static int span(int initiators) {
        return Math.multiplyExact(initiators, RANGE_BYTES);
    }

    /** Logs initiators in and starts their commands. */
    void start(SessionOptions options, int initiators, int queueDepth) throws IOException {
        for (int i = 0; i < initiators; i++) {
            IscsiSession session =
                    IscsiSession.login(
                            options.withInitiatorName(options.initiatorName() + ":crowd-" + i));
            sessions.add(session);
            for (int depth = 0; depth < queueDepth; depth++) {
                SplittableRandom random = new SplittableRandom(1_000L * i + depth);
                int first = i * RANGE_BYTES;
                workers.add(Thread.ofVirtual().start(() -> work(session, first, random)));
            }
        }
    }

    private void work(IscsiSession session, int firstByte, SplittableRandom random) {
        try {
            while (!stopping && failure.get() == null) {
                int at = firstByte + random.nextInt(RANGE_BYTES / data.length) * data.length;
                int lba = at / 512;
                boolean isWrite = random.nextInt(100) < WRITE_PERCENT;
                ScsiCommand command =
                        isWrite
                                ? ScsiCommand.write(lun, lba, data, 512)
                                : ScsiCommand.read(lun, lba, data.length / 512, 512);
                ScsiResult result = session.execute(command, COMMAND_TIMEOUT);
                switch (result.status()) {
                    case ScsiResult.GOOD -> done.increment();
                    case ScsiResult.BUSY, ScsiResult.TASK_SET_FULL -> {
                        refused.increment();
                        Thread.sleep(RETRY);
                    }
                    default -> {
                        if (result.senseKey() != ScsiResult.UNIT_ATTENTION) {
                            throw new IOException(command + " ended with " + result);
                        }
                    }
                }
            }
        } catch (IOException | TimeoutException e) {
            failure.compareAndSet(null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    long done() {
        return done.sum();
    }

    long refused() {
        return refused.sum();
    }

    /**
     * For those who wait for something else meanwhile.
     *
     * @throws AssertionError if a session was lost, or a command failed or was never answered
     */
    void check() {
        Exception first = failure.get();
        if (first != null) {
            throw new AssertionError("in the crowd: " + first, first);
        }
    }

    /** Waits for what is under way. */
    void stop() throws InterruptedException {
        stopping = true;
        for (Thread worker : workers) {
            if (!worker.join(COMMAND_TIMEOUT.multipliedBy(2))) {
                throw new AssertionError(worker + " does not end", failure.get());
            }
        }
        check();
    }

    @Override
    public void close() {
        stopping = true;
        sessions.forEach(IscsiSession::close);
    }
}
