package io.ashlar.simulation.world;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.NodeRecord;
import java.util.SortedMap;
import java.util.TreeMap;

/** States as a {@link ControlFlaw} of jobs needs them. */
final class JobFlaws {
    private JobFlaws() {}

    /** As if the job ran, and always had. */
    static ControlState running(ControlState state, JobRecord job) {
        return with(
                state,
                new JobRecord(
                        job.id(),
                        job.kind(),
                        JobRecord.State.RUNNING,
                        job.note(),
                        job.done(),
                        job.total(),
                        job.left(),
                        job.started(),
                        null,
                        job.index()));
    }

    /** A group more is done, though none is less to do. */
    static JobRecord oneMoreDone(JobRecord job) {
        return new JobRecord(
                job.id(),
                job.kind(),
                job.state(),
                job.note(),
                job.done() + 1,
                job.total(),
                job.left(),
                job.started(),
                job.ended(),
                job.index());
    }

    static ControlState with(ControlState state, JobRecord job) {
        TreeMap<Long, JobRecord> all = new TreeMap<>(state.jobs().all());
        all.put(job.id(), job);
        return withJobs(state, new JobBoard(state.jobs().nextId(), all));
    }

    static ControlState without(ControlState state, JobRecord job) {
        TreeMap<Long, JobRecord> all = new TreeMap<>(state.jobs().all());
        all.remove(job.id());
        return withJobs(state, new JobBoard(state.jobs().nextId(), all));
    }

    static ControlState withJobs(ControlState state, JobBoard jobs) {
        return of(state, state.nodes(), jobs);
    }

    /** Nodes as they were before. */
    static ControlState withNodesOf(ControlState state, ControlState before) {
        return of(state, before.nodes(), state.jobs());
    }

    private static ControlState of(
            ControlState state, SortedMap<NodeId, NodeRecord> nodes, JobBoard jobs) {
        return new ControlState(
                state.index(),
                state.clusterId(),
                state.nextVolumeId(),
                nodes,
                state.pools(),
                state.placementGroups(),
                state.volumes(),
                state.hosts(),
                state.mappings(),
                state.hostGroups(),
                state.settings(),
                jobs);
    }
}
