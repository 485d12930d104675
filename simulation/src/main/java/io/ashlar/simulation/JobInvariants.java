package io.ashlar.simulation;

import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobRecord.State;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.simulation.check.Violation;
import java.util.List;

/** What must hold of jobs, whoever leads and whatever operators wish, after every command. */
final class JobInvariants {
    private JobBoard former = JobBoard.EMPTY;

    void onState(ControlState state) {
        JobBoard jobs = state.jobs();
        if (jobs == former) {
            return;
        }
        for (JobRecord job : jobs.all().values()) {
            JobRecord before = former.all().get(job.id());
            if (before != null && !before.isOpen() && !before.equals(job)) {
                throw new Violation("jobs", before + " had ended, and became " + job);
            }
            if (before != null) {
                checkStep(state, before, job);
            }
            if (job.done() < 0 || job.done() > job.total()) {
                throw new Violation("jobs", "more is done than there was: " + job);
            }
            if (job.kind() instanceof JobKind.Scrub
                    && job.isOpen()
                    && job.done() + job.left().size() != job.total()) {
                throw new Violation("jobs", "groups done and left are not all: " + job);
            }
            if (job.kind() instanceof JobKind.Drain(var id) && job.isOpen()) {
                NodeRecord node = state.nodes().get(id);
                if (node != null && node.adminState() != AdminState.DRAINING) {
                    throw new Violation("jobs", node + " does not drain, but " + job);
                }
            }
        }
        checkAlone(jobs);
        former = jobs;
    }

    /** What one command made of an open job. */
    private static void checkStep(ControlState state, JobRecord before, JobRecord job) {
        if (before.state() == State.PAUSED && job.state() == State.DONE) {
            throw new Violation("jobs", before + " was paused, and became " + job);
        }
        if (before.state() == State.PAUSED && job.isRunning() && before.done() != job.done()) {
            throw new Violation("jobs", before + " got on while it was paused: " + job);
        }
        if (!before.isOpen() || job.isOpen()) {
            return;
        }
        if (job.kind() instanceof JobKind.Scrub
                && job.state() == State.DONE
                && !before.left().isEmpty()) {
            throw new Violation("jobs", "a scrub ended before its groups were: " + before);
        }
        if (job.kind() instanceof JobKind.Drain(var id) && job.state() == State.CANCELLED) {
            NodeRecord node = state.nodes().get(id);
            if (node != null && node.adminState() == AdminState.DRAINING) {
                throw new Violation("jobs", node + " drains on after " + job);
            }
        }
    }

    private static void checkAlone(JobBoard jobs) {
        List<JobRecord> open = jobs.open().toList();
        for (int i = 0; i < open.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (open.get(i).kind().excludes(open.get(j).kind())) {
                    throw new Violation("jobs", open.get(j) + " runs beside " + open.get(i));
                }
            }
        }
    }
}
