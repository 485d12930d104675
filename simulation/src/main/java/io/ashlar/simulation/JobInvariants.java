package io.ashlar.simulation;

import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.simulation.check.Violation;

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
        former = jobs;
    }
}
