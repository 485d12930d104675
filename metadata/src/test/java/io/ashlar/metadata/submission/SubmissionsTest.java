package io.ashlar.metadata.submission;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Voter;
import io.ashlar.metadata.engine.ConsensusEngine;
import io.ashlar.metadata.engine.EngineException;
import io.ashlar.metadata.engine.EngineStatus;
import io.ashlar.metadata.replica.ControlReplica;
import io.ashlar.metadata.wire.EntryCodec;
import io.ashlar.metadata.wire.Envelope;
import io.ashlar.metadata.wire.SnapshotCodec;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Commands on their way: batched, repeated with their sequence, given up for good. */
class SubmissionsTest {
    private static final UUID CLIENT = new UUID(7, 7);
    private final FakeEngine engine = new FakeEngine();
    private final FakeTimer timer = new FakeTimer();
    private final ControlReplica replica = new ControlReplica();
    private final Submissions submissions =
            new Submissions(
                    CLIENT, engine, () -> replica.state().index(), timer, Duration.ofSeconds(10));
    private final List<String> told = new ArrayList<>();
    private long index;

    @Test
    void commandsThatArriveWhileEntriesAreUnderWayShareOne() {
        for (int i = 0; i < 100; i++) {
            submit("h" + i);
        }
        assertThat(engine.proposals).hasSize(4);
        commit(engine.proposals.remove());
        timer.run();
        assertThat(engine.proposals).hasSize(4);
        assertThat(EntryCodec.read(Unpooled.wrappedBuffer(engine.last().entry))).hasSize(96);
        while (!engine.proposals.isEmpty()) {
            commit(engine.proposals.remove());
            timer.run();
        }
        assertThat(told).hasSize(100).allMatch(line -> line.startsWith("Applied"));
        assertThat(replica.state().hosts()).hasSize(100);
    }

    @Test
    void whatTheEngineCouldNotPlaceIsRepeatedWithItsSequenceAndAppliedOnce() {
        submit("a");
        Proposal first = engine.proposals.remove();
        first.done.completeExceptionally(new EngineException("no leader"));
        timer.run();
        timer.advance(100);
        Proposal second = engine.proposals.remove();
        assertThat(envelope(second).sequence()).isEqualTo(envelope(first).sequence());
        // The first one was in the log all the same.
        apply(first.entry);
        assertThat(told).containsExactly("Applied a");
        submit("b");
        apply(new byte[][] {second.entry, engine.proposals.remove().entry});
        assertThat(told).containsExactly("Applied a", "Applied b");
        assertThat(replica.state().hosts()).containsOnlyKeys("a", "b");
    }

    @Test
    void aCommandThatWasGivenUpIsNotAppliedAfterALaterOne() {
        submit("a");
        Proposal late = engine.proposals.remove();
        timer.advance(10_000);
        assertThat(told).containsExactly("Unknown a");
        submit("b");
        commit(engine.proposals.remove());
        apply(late.entry);
        assertThat(told).containsExactly("Unknown a", "Applied b");
        assertThat(replica.state().hosts()).containsOnlyKeys("b");
        // Nor is it proposed any more.
        late.done.completeExceptionally(new EngineException("too late"));
        timer.run();
        timer.advance(1000);
        assertThat(engine.proposals).isEmpty();
    }

    @Test
    void anOutcomeThatCameBySnapshotIsTold() {
        submit("a");
        ControlReplica leader = new ControlReplica();
        leader.apply(5, Unpooled.wrappedBuffer(engine.proposals.remove().entry));
        replica.load(leader.save());
        submissions.onLoaded(replica::outcomeOf);
        assertThat(told).containsExactly("Applied a");
    }

    @Test
    void noMoreSequencesAreOpenThanResultsAreRemembered() {
        for (int i = 0; i < SnapshotCodec.RESULTS_MAX + 10; i++) {
            submit("h" + i);
        }
        Proposal first = engine.proposals.remove();
        long highest = 0;
        while (!engine.proposals.isEmpty()) {
            Proposal proposal = engine.proposals.remove();
            for (Envelope e : EntryCodec.read(Unpooled.wrappedBuffer(proposal.entry))) {
                highest = Math.max(highest, e.sequence());
            }
            proposal.done.complete(null);
            timer.run();
        }
        assertThat(highest).isEqualTo(SnapshotCodec.RESULTS_MAX);
        commit(first);
        timer.run();
        assertThat(envelope(engine.last()).sequence()).isEqualTo(SnapshotCodec.RESULTS_MAX + 1L);
    }

    @Test
    void whatCannotBeWrittenIsRejectedAndWhatWaitsAtTheEndIsUnknown() {
        submit("x".repeat(3000));
        assertThat(told.getFirst()).startsWith("Rejected");
        submit("a");
        submissions.close();
        submit("b");
        assertThat(told.subList(1, 3)).containsExactly("Unknown a", "Unknown b");
        assertThat(engine.proposals).hasSize(1);
    }

    private void submit(String host) {
        submissions.submit(
                new Command.CreateHost(host),
                Runnable::run,
                outcome -> told.add(outcome.getClass().getSimpleName() + " " + host));
    }

    private void commit(Proposal proposal) {
        apply(proposal.entry);
        proposal.done.complete(null);
    }

    private void apply(byte[]... entries) {
        for (byte[] entry : entries) {
            submissions.onApplied(replica.apply(++index, Unpooled.wrappedBuffer(entry)));
        }
    }

    private static Envelope envelope(Proposal proposal) {
        return EntryCodec.read(Unpooled.wrappedBuffer(proposal.entry)).getFirst();
    }

    private record Proposal(byte[] entry, CompletableFuture<Void> done) {}

    /** Time that passes when the test says so. */
    private static final class FakeTimer implements Submissions.Timer {
        private final List<Runnable> tasks = new ArrayList<>();
        private final List<Long> due = new ArrayList<>();
        private long now;

        @Override
        public void later(long millis, Runnable task) {
            tasks.add(task);
            due.add(now + millis);
        }

        void advance(long millis) {
            now += millis;
            run();
        }

        void run() {
            for (int i = 0; i < tasks.size(); ) {
                if (due.get(i) <= now) {
                    due.remove(i);
                    tasks.remove(i).run();
                    i = 0;
                } else {
                    i++;
                }
            }
        }
    }

    /** Keeps what is proposed until the test decides about it. */
    private static final class FakeEngine implements ConsensusEngine {
        private final ArrayDeque<Proposal> proposals = new ArrayDeque<>();

        Proposal last() {
            return proposals.getLast();
        }

        @Override
        public CompletableFuture<Void> propose(byte[] entry, Duration timeout) {
            Proposal proposal = new Proposal(entry, new CompletableFuture<>());
            proposals.add(proposal);
            return proposal.done;
        }

        @Override
        public CompletableFuture<Void> readBarrier(Duration timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Void> changeVoters(
                List<Voter> expected, List<Voter> voters, Set<NodeId> leaving) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void follow() {}

        @Override
        public CompletableFuture<Void> transferLeadership(NodeId to) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Long> snapshotNow() {
            throw new UnsupportedOperationException();
        }

        @Override
        public EngineStatus status() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }
}
