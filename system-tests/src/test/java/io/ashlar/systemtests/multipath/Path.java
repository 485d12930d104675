package io.ashlar.systemtests.multipath;

import io.ashlar.systemtests.iscsi.IscsiSession;
import io.ashlar.systemtests.iscsi.ScsiCommand;
import io.ashlar.systemtests.iscsi.ScsiResult;
import io.ashlar.systemtests.iscsi.SessionOptions;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One path: a session that is made again whenever it is lost, and a checker that says whether it
 * may be used. The checker is a virtual thread of its own.
 */
final class Path {
    private final SessionOptions options;
    private final int lun;
    private final MultipathOptions timeouts;
    private final HostLog log;
    private final Runnable changed;
    private final Thread checker;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition checkNow = lock.newCondition();
    private boolean checkWanted;

    private volatile IscsiSession session;
    private volatile AccessState state = AccessState.OFFLINE;
    private volatile int group = -1;
    private volatile boolean closed;

    /**
     * @param changed run whenever the path's state may have changed
     */
    Path(
            SessionOptions options,
            int lun,
            MultipathOptions timeouts,
            HostLog log,
            Runnable changed) {
        this.options = options;
        this.lun = lun;
        this.timeouts = timeouts;
        this.log = log;
        this.changed = changed;
        this.checker = Thread.ofVirtual().name(this + " checker").unstarted(this::check);
    }

    void start() {
        checker.start();
    }

    AccessState state() {
        IscsiSession current = session;
        return current != null && current.isOpen() ? state : AccessState.OFFLINE;
    }

    int group() {
        return group;
    }

    /** The session of this moment; null when there is none. */
    IscsiSession session() {
        return session;
    }

    /** Not to be used until the checker has found it well again. */
    void fail(String why) {
        if (state != AccessState.OFFLINE) {
            log.note(HostLog.Event.PATH_FAILED, this + ": " + why);
        }
        state = AccessState.OFFLINE;
        checkSoon();
    }

    /** Ends one session of it; a later one is not touched. */
    void drop(IscsiSession lost, String why) {
        lost.close();
        if (session == lost) {
            fail(why);
        }
    }

    /** Lets the checker look at once, for example after "asymmetric access state changed". */
    void checkSoon() {
        lock.lock();
        try {
            checkWanted = true;
            checkNow.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void close() throws InterruptedException {
        closed = true;
        checker.interrupt();
        checker.join();
        IscsiSession current = session;
        if (current != null && current.isOpen()) {
            try {
                current.logout(timeouts.abort());
            } catch (IOException | TimeoutException e) {
                log.note(HostLog.Event.SESSION_LOST, this + " at logout: " + e);
            }
            log.inspect(current.end());
        }
    }

    /** Ends without a logout, like a host that loses power. */
    void kill() throws InterruptedException {
        closed = true;
        checker.interrupt();
        IscsiSession current = session;
        if (current != null) {
            current.close();
        }
        checker.join();
    }

    @Override
    public String toString() {
        return "path " + options.portal().getHostString() + ":" + options.portal().getPort();
    }

    private void check() {
        try {
            while (!closed) {
                try {
                    checkOnce();
                } catch (IOException | TimeoutException e) {
                    log.inspect(e);
                    IscsiSession current = session;
                    if (current != null) {
                        drop(current, "check: " + e);
                    }
                }
                changed.run();
                pause();
            }
        } catch (InterruptedException e) {
            // Closed: the only one who interrupts.
        }
    }

    private void checkOnce() throws IOException, TimeoutException, InterruptedException {
        IscsiSession current = session;
        if (current == null || !current.isOpen()) {
            if (current != null) {
                log.note(HostLog.Event.SESSION_LOST, current.end().toString());
                log.inspect(current.end());
            }
            state = AccessState.OFFLINE;
            session = null;
            changed.run();
            current = login();
            if (current == null) {
                return;
            }
        }
        AccessState seen = TargetPortGroups.ownState(current, lun, group, timeouts.command());
        ScsiResult ready =
                TargetPortGroups.attentive(
                        current, ScsiCommand.testUnitReady(lun), timeouts.command());
        state = ready.isGood() || seen.priority() == 0 ? seen : AccessState.OFFLINE;
    }

    private IscsiSession login() throws InterruptedException {
        IscsiSession fresh;
        try {
            fresh = IscsiSession.login(options);
        } catch (IOException e) {
            log.inspect(e);
            log.add(HostLog.Event.LOGIN_FAILED);
            return null;
        }
        try {
            group = TargetPortGroups.groupOf(fresh, lun, timeouts.command());
        } catch (IOException | TimeoutException e) {
            log.inspect(e);
            log.note(HostLog.Event.LOGIN_FAILED, this + ": " + e);
            fresh.close();
            return null;
        }
        log.note(HostLog.Event.LOGIN, this + ", port group " + group);
        session = fresh;
        return fresh;
    }

    private void pause() throws InterruptedException {
        long nanos = timeouts.checkInterval().toNanos();
        lock.lock();
        try {
            while (!checkWanted && nanos > 0) {
                nanos = checkNow.awaitNanos(nanos);
            }
            boolean wasAsked = checkWanted;
            checkWanted = false;
            if (wasAsked) {
                // A dead path asks at every command: not more than ten looks a second.
                checkNow.awaitNanos(100_000_000);
            }
        } finally {
            lock.unlock();
        }
    }
}
