package io.ashlar.metadata;

import static io.ashlar.metadata.Fixture.STAMP;
import static io.ashlar.metadata.Outcome.Reason.EXISTS;
import static io.ashlar.metadata.Outcome.Reason.INVALID;
import static io.ashlar.metadata.Outcome.Reason.NOT_FOUND;
import static io.ashlar.metadata.Outcome.Reason.STALE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command.ChangeJob.Wish;
import io.ashlar.metadata.JobRecord.State;
import io.ashlar.metadata.NodeRecord.AdminState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Jobs begin once, end once, and say the same as the nodes that they are about. */
class JobRulesTest {
    private static final NodeId NODE = new NodeId(2);
    private static final JobStamp LOOP = new JobStamp(new NodeId(3), 2_000, false);
    private final Fixture cluster = Fixture.withPool();

    private JobRecord job(long id) {
        return cluster.state().jobs().all().get(id);
    }

    private AdminState adminState() {
        return cluster.state().nodes().get(NODE).adminState();
    }

    private Command advance(long id, long index, State state, long done, long total) {
        return new Command.AdvanceJob(id, index, state, done, total, "note", LOOP);
    }

    @Test
    void aNodeDrainsWhileItsJobIsOpenAndTheJobIsOpenWhileItDrains() {
        // Two words on one thing must never differ, or a cancelled drain would go on.
        long id = cluster.applied(new Command.StartJob(new JobKind.Drain(NODE), STAMP));
        assertThat(adminState()).isEqualTo(AdminState.DRAINING);
        assertThat(cluster.applied(new Command.SetAdminState(NODE, AdminState.DRAINING, STAMP)))
                .isEqualTo(id);
        cluster.applied(new Command.ChangeJob(id, Wish.PAUSE, STAMP));
        assertThat(adminState()).isEqualTo(AdminState.DRAINING);
        cluster.applied(new Command.ChangeJob(id, Wish.CANCEL, STAMP));
        assertThat(adminState()).isEqualTo(AdminState.ACTIVE);
        assertThat(job(id).state()).isEqualTo(State.CANCELLED);
        long second = cluster.applied(new Command.SetAdminState(NODE, AdminState.DRAINING, STAMP));
        assertThat(second).isEqualTo(id + 1);
        cluster.applied(new Command.SetAdminState(NODE, AdminState.CORDONED, STAMP));
        assertThat(job(second).state()).isEqualTo(State.CANCELLED);
        assertThat(job(second).ended()).isEqualTo(STAMP);
        cluster.rejected(NOT_FOUND, new Command.StartJob(new JobKind.Drain(new NodeId(9)), STAMP));
    }

    @Test
    void noJobBeginsTwice() {
        long id = cluster.applied(new Command.StartJob(new JobKind.Rebalance(7), LOOP));
        String message =
                cluster.rejected(EXISTS, new Command.StartJob(new JobKind.Rebalance(8), STAMP));
        assertThat(message).contains("job " + id).contains("cancel");
        cluster.applied(new Command.ChangeJob(id, Wish.CANCEL, STAMP));
        cluster.applied(new Command.StartJob(new JobKind.Rebalance(8), STAMP));
        JobKind rebuild = new JobKind.Rebuild(Fixture.process(3, 30));
        cluster.applied(new Command.StartJob(rebuild, LOOP));
        cluster.rejected(EXISTS, new Command.StartJob(rebuild, STAMP));
        cluster.rejected(
                STALE, new Command.StartJob(new JobKind.Rebuild(Fixture.process(3, 29)), STAMP));
    }

    @Test
    void theLoopsWordCountsOnlyForTheJobAsItSawIt() {
        // An operator's pause must not be undone by what a former leader thought before it.
        long id = cluster.applied(new Command.StartJob(new JobKind.Drain(NODE), STAMP));
        long seen = job(id).index();
        cluster.applied(advance(id, seen, State.RUNNING, 1, 4));
        assertThat(job(id).done()).isEqualTo(1);
        cluster.rejected(STALE, advance(id, seen, State.RUNNING, 0, 4));
        long before = job(id).index();
        cluster.applied(new Command.ChangeJob(id, Wish.PAUSE, STAMP));
        cluster.rejected(STALE, advance(id, before, State.DONE, 4, 4));
        cluster.rejected(STALE, advance(id, job(id).index(), State.DONE, 4, 4));
        cluster.applied(new Command.ChangeJob(id, Wish.RESUME, STAMP));
        cluster.rejected(INVALID, advance(id, job(id).index(), State.RUNNING, 5, 4));
        cluster.applied(advance(id, job(id).index(), State.DONE, 4, 4));
        assertThat(job(id).ended()).isEqualTo(LOOP);
        assertThat(adminState()).isEqualTo(AdminState.DRAINING);
        cluster.rejected(STALE, new Command.ChangeJob(id, Wish.RESUME, STAMP));
        cluster.rejected(NOT_FOUND, new Command.ChangeJob(99, Wish.PAUSE, STAMP));
    }

    @Test
    void aScrubIsDoneWhenEveryGroupWasReportedOnce() {
        JobKind all = new JobKind.Scrub(Optional.empty(), true);
        long id = cluster.applied(new Command.StartJob(all, STAMP));
        cluster.rejected(EXISTS, new Command.StartJob(all, STAMP));
        cluster.rejected(
                NOT_FOUND,
                new Command.StartJob(
                        new JobKind.Scrub(Optional.of(new VolumeId(9)), false), STAMP));
        for (int i = 0; i < 3; i++) {
            cluster.applied(new Command.ReportScrubbed(id, new PgId(1, i)));
            cluster.applied(new Command.ReportScrubbed(id, new PgId(1, i)));
        }
        assertThat(job(id).done()).isEqualTo(3);
        assertThat(job(id).total()).isEqualTo(4);
        assertThat(job(id).left()).isEqualTo(GroupSet.of(List.of(new PgId(1, 3))));
        cluster.applied(new Command.ChangeJob(id, Wish.PAUSE, STAMP));
        cluster.applied(new Command.ReportScrubbed(id, new PgId(1, 3)));
        assertThat(job(id).left()).isEqualTo(GroupSet.EMPTY);
        cluster.applied(new Command.ChangeJob(id, Wish.RESUME, STAMP));
        cluster.applied(advance(id, job(id).index(), State.DONE, 0, 4));
        assertThat(job(id).done()).isEqualTo(4);
        cluster.rejected(STALE, new Command.ReportScrubbed(id, new PgId(1, 3)));
    }

    @Test
    void endedJobsAreForgottenTheOldestFirst() {
        // The control state lives for years; what it remembers of jobs is bounded.
        long kept = cluster.applied(new Command.StartJob(new JobKind.Drain(NODE), STAMP));
        for (int i = 0; i < Limits.JOBS_ENDED_MAX + 10; i++) {
            long id = cluster.applied(new Command.StartJob(new JobKind.Rebalance(i), STAMP));
            cluster.applied(new Command.ChangeJob(id, Wish.CANCEL, STAMP));
        }
        assertThat(cluster.state().jobs().all()).hasSize(Limits.JOBS_ENDED_MAX + 1);
        assertThat(job(kept).isOpen()).isTrue();
        assertThat(job(kept + 10)).isNull();
        assertThat(job(kept + 11)).isNotNull();
    }

    @Test
    void whatHoldsBeforeAnyCommandNeverChanges() {
        // Nodes of two versions replay one log; with other figures here they would disagree.
        assertThat(ControlState.initial().settings())
                .isEqualTo(
                        new ClusterSettings(
                                Duration.ofSeconds(600), 8, true, 2_097_152, 4_294_967_296L));
    }

    @Test
    void settingsAreCheckedAndChangedOnlyAsExpected() {
        ClusterSettings shipped = cluster.state().settings();
        ClusterSettings sooner =
                new ClusterSettings(Duration.ofMinutes(2), 4, false, 1 << 20, 1 << 30);
        cluster.applied(new Command.ChangeSettings(shipped, sooner));
        assertThat(cluster.state().settings()).isEqualTo(sooner);
        cluster.rejected(STALE, new Command.ChangeSettings(shipped, sooner));
        ClusterSettings never = new ClusterSettings(Duration.ZERO, 4, false, 1 << 20, 1 << 30);
        assertThat(cluster.rejected(INVALID, new Command.ChangeSettings(sooner, never)))
                .contains("away of 0 s; use 1 to");
        cluster.rejected(
                INVALID,
                new Command.ChangeSettings(
                        sooner,
                        new ClusterSettings(Duration.ofMinutes(2), 0, true, 1 << 20, 1 << 30)));
        cluster.rejected(
                INVALID,
                new Command.ChangeSettings(
                        sooner,
                        new ClusterSettings(Duration.ofMinutes(2), 1, true, 1 << 30, 1 << 20)));
    }
}
