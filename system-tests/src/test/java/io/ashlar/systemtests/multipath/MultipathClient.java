package io.ashlar.systemtests.multipath;

import io.ashlar.systemtests.iscsi.IscsiSession;
import io.ashlar.systemtests.iscsi.PendingCommand;
import io.ashlar.systemtests.iscsi.ScsiCommand;
import io.ashlar.systemtests.iscsi.ScsiResult;
import io.ashlar.systemtests.iscsi.SessionOptions;
import io.ashlar.systemtests.load.BlockTarget;
import io.ashlar.systemtests.multipath.HostLog.Event;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One logical unit by several sessions of one initiator. A command goes out by one path only, the
 * best one; it is sent by another when the first has answered its abort or its session is dropped.
 * So a caller that waits for each write before the next to the same blocks repeats it in order, as
 * a Linux host does.
 *
 * <p>Safe for many threads; each call blocks its own.
 */
public final class MultipathClient implements BlockTarget, AutoCloseable {
    private static final long BUSY_DELAY_NANOS = 10_000_000;
    private static final long BUSY_DELAY_MAX_NANOS = 200_000_000;
    private static final int NOT_READY_TRANSITION = 0x040a;
    private static final int ACCESS_STATE_CHANGED = 0x2a06;

    private final int lun;
    private final MultipathOptions timeouts;
    private final HostLog log = new HostLog();
    private final List<Path> paths = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition pathsChanged = lock.newCondition();
    private Path preferred; // guarded by lock
    private volatile boolean closed;
    private volatile int blockBytes;
    private volatile long blocks;

    /** How one attempt by one path ended, when it did not end the command. */
    private enum Attempt {
        SAME_PATH,
        SAME_PATH_LATER,
        OTHER_PATH
    }

    private MultipathClient(int lun, MultipathOptions timeouts) {
        this.lun = lun;
        this.timeouts = timeouts;
    }

    /**
     * Opens one path to each portal, each with an ISID of its own, and waits for the first that can
     * be used.
     */
    public static MultipathClient open(
            List<SessionOptions> sessions, int lun, MultipathOptions timeouts)
            throws IOException, InterruptedException {
        MultipathClient client = new MultipathClient(lun, timeouts);
        for (SessionOptions session : sessions) {
            client.paths.add(
                    new Path(
                            session.withLoginTimeout(timeouts.login())
                                    .withIsidQualifier(client.paths.size() + 1),
                            lun,
                            timeouts,
                            client.log,
                            client::signal));
        }
        client.paths.forEach(Path::start);
        try {
            ByteBuffer capacity =
                    ByteBuffer.wrap(client.execute(ScsiCommand.readCapacity16(lun)).dataIn());
            client.blocks = capacity.getLong(0) + 1;
            client.blockBytes = capacity.getInt(8);
        } catch (IOException | InterruptedException e) {
            client.close();
            throw e;
        }
        return client;
    }

    @Override
    public int blockBytes() {
        return blockBytes;
    }

    /** Size of the logical unit in logical blocks. */
    public long blocks() {
        return blocks;
    }

    public HostLog log() {
        return log;
    }

    /** Each path with its state, for messages. */
    public String describePaths() {
        StringBuilder text = new StringBuilder();
        for (Path path : paths) {
            text.append(text.isEmpty() ? "" : ", ").append(path).append(' ').append(path.state());
        }
        return text.toString();
    }

    /** The state of each path, in the order in which they were given. */
    public List<AccessState> states() {
        return paths.stream().map(Path::state).toList();
    }

    /** Which of the paths it uses now, in the order in which they were given; -1 if none. */
    public int inUse() {
        lock.lock();
        try {
            return paths.indexOf(preferred);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public byte[] read(long lba, int blockCount) throws IOException, InterruptedException {
        return execute(ScsiCommand.read(lun, lba, blockCount, blockBytes)).dataIn();
    }

    @Override
    public void write(long lba, byte[] data) throws IOException, InterruptedException {
        execute(ScsiCommand.write(lun, lba, data, blockBytes));
    }

    public void flush() throws IOException, InterruptedException {
        execute(ScsiCommand.synchronizeCache(lun));
    }

    /**
     * Runs a command to its GOOD end, whatever that takes.
     *
     * @throws HardError for an answer that no other path would better
     * @throws GivenUp when nothing served it in {@link MultipathOptions#giveUp}
     */
    public ScsiResult execute(ScsiCommand command) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + timeouts.giveUp().toNanos();
        Path path = null;
        long busySince = 0;
        long delay = BUSY_DELAY_NANOS;
        Exception lastFailure = null;
        while (true) {
            if (path == null) {
                path = choose(deadline, command, lastFailure);
                busySince = System.nanoTime();
                delay = BUSY_DELAY_NANOS;
            }
            Attempt next;
            try {
                ScsiResult result = attempt(path, command);
                if (result.isGood()) {
                    return result;
                }
                next = judge(path, command, result);
                lastFailure = new IOException(result.toString());
            } catch (TimeoutException e) {
                next = Attempt.OTHER_PATH;
                lastFailure = e;
            }
            switch (next) {
                case SAME_PATH -> {}
                case SAME_PATH_LATER -> {
                    if (System.nanoTime() - busySince > timeouts.busyMax().toNanos()) {
                        path.fail("busy for " + timeouts.busyMax());
                        path = null;
                    } else {
                        Thread.sleep(Duration.ofNanos(delay));
                        delay = Math.min(2 * delay, BUSY_DELAY_MAX_NANOS);
                    }
                }
                case OTHER_PATH -> path = null;
            }
            if (closed || System.nanoTime() - deadline > 0) {
                throw new GivenUp(
                        "%s not served in %s, last: %s"
                                .formatted(command, timeouts.giveUp(), lastFailure));
            }
        }
    }

    /** Logs out of every session. */
    @Override
    public void close() throws InterruptedException {
        closed = true;
        for (Path path : paths) {
            path.close();
        }
        signal();
    }

    /** Drops every session without a word, like a host that loses power. */
    public void kill() throws InterruptedException {
        closed = true;
        for (Path path : paths) {
            path.kill();
        }
        signal();
    }

    /** One attempt. A time-out here means: this path is given up and the command is dead on it. */
    private ScsiResult attempt(Path path, ScsiCommand command)
            throws TimeoutException, InterruptedException {
        IscsiSession session = path.session();
        if (session == null) {
            throw new TimeoutException(path + " has no session");
        }
        PendingCommand pending = null;
        try {
            pending = session.start(command, timeouts.command());
            return pending.await(timeouts.command());
        } catch (TimeoutException e) {
            log.note(Event.COMMAND_TIMEOUT, path + ": " + command);
            if (pending != null) {
                abort(path, session, pending);
            }
            path.fail("command timed out");
            throw e;
        } catch (IOException e) {
            log.inspect(e);
            path.drop(session, "during " + command + ": " + e.getMessage());
            throw new TimeoutException(e.toString());
        }
    }

    private void abort(Path path, IscsiSession session, PendingCommand pending)
            throws InterruptedException {
        try {
            session.abort(pending, timeouts.abort());
            log.note(Event.ABORT_ANSWERED, path.toString());
        } catch (IOException | TimeoutException e) {
            log.inspect(e);
            log.add(Event.ABORT_UNANSWERED);
            path.drop(session, "abort not answered");
        }
    }

    private Attempt judge(Path path, ScsiCommand command, ScsiResult result) throws HardError {
        switch (result.status()) {
            case ScsiResult.BUSY -> {
                log.add(Event.BUSY);
                return Attempt.SAME_PATH_LATER;
            }
            case ScsiResult.TASK_SET_FULL -> {
                log.add(Event.TASK_SET_FULL);
                return Attempt.SAME_PATH_LATER;
            }
            case ScsiResult.TASK_ABORTED -> {
                log.add(Event.TASK_ABORTED);
                return Attempt.SAME_PATH_LATER;
            }
            case ScsiResult.CHECK_CONDITION -> {}
            default -> throw new HardError(command, result);
        }
        switch (result.senseKey()) {
            case ScsiResult.UNIT_ATTENTION -> {
                log.add(Event.UNIT_ATTENTION);
                if (result.asc() == ACCESS_STATE_CHANGED) {
                    paths.forEach(Path::checkSoon);
                }
                return Attempt.SAME_PATH;
            }
            case ScsiResult.ABORTED_COMMAND -> {
                log.add(Event.TASK_ABORTED);
                return Attempt.SAME_PATH_LATER;
            }
            case ScsiResult.NOT_READY -> {
                log.add(Event.NOT_READY);
                if (result.asc() == NOT_READY_TRANSITION) {
                    return Attempt.SAME_PATH_LATER;
                }
                path.fail(result.toString());
                return Attempt.OTHER_PATH;
            }
            default -> throw new HardError(command, result);
        }
    }

    /** The best usable path; the one in use is kept while none is better. */
    private Path choose(long deadline, ScsiCommand command, Exception lastFailure)
            throws GivenUp, InterruptedException {
        lock.lock();
        try {
            while (true) {
                Path best = preferred;
                for (Path path : paths) {
                    if (best == null || path.state().priority() > best.state().priority()) {
                        best = path;
                    }
                }
                if (best != null && best.state().priority() > 0) {
                    if (best != preferred) {
                        log.note(Event.PATH_SWITCH, "to " + best + " " + best.state());
                        preferred = best;
                    }
                    return best;
                }
                long nanos = deadline - System.nanoTime();
                if (nanos <= 0 || closed) {
                    throw new GivenUp(
                            "%s: no path for %s (%s), last: %s"
                                    .formatted(
                                            command,
                                            timeouts.giveUp(),
                                            describePaths(),
                                            lastFailure));
                }
                pathsChanged.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private void signal() {
        lock.lock();
        try {
            pathsChanged.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
