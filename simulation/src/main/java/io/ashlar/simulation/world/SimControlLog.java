package io.ashlar.simulation.world;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import io.ashlar.metadata.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's control log: one list of commands that the real state machine applies. What it
 * promises is what Raft promises, no more: a command needs a leader and a majority, may be applied
 * long after its proposer gave up, and views lag, each by its own time.
 */
public final class SimControlLog {
    /**
     * How unpleasant the log is.
     *
     * @param commitNanosMin fastest commit
     * @param commitNanosMax slowest usual commit
     * @param lateChance how often a command takes up to {@code lateNanosMax} instead
     * @param lateNanosMax slowest commit
     * @param lostChance how often a command is never applied, and its proposer told Unknown
     * @param viewLagNanosMax slowest usual step of a view
     * @param flaw which rule of the state machine is broken
     */
    public record Settings(
            long commitNanosMin,
            long commitNanosMax,
            double lateChance,
            long lateNanosMax,
            double lostChance,
            long viewLagNanosMax,
            ControlFlaw flaw) {
        /** The same with a rule broken. */
        public Settings with(ControlFlaw other) {
            return new Settings(
                    commitNanosMin,
                    commitNanosMax,
                    lateChance,
                    lateNanosMax,
                    lostChance,
                    viewLagNanosMax,
                    other);
        }
    }

    private static final long RETRY_NANOS = 50 * SimWorld.MILLI;
    private static final long ELECTION_NANOS_MIN = 300 * SimWorld.MILLI;
    private static final long ELECTION_NANOS_MAX = 2 * SimWorld.SECOND;

    /** How long a leader that hears nobody stays: what its real loop takes to hand over. */
    private static final long DEAF_LEAD_NANOS = 3 * SimWorld.SECOND;

    /** How far behind a view may begin, in commands. */
    private static final int SNAPSHOT_EVERY = 60;

    /** How long a proposer waits before it is told Unknown. */
    static final long PROPOSER_PATIENCE_NANOS = 5 * SimWorld.SECOND;

    private final SimWorld world;
    private final SimNetwork network;
    private final SimRandom random;
    private final Settings settings;
    private final List<ControlState> states = new ArrayList<>();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final Map<NodeId, SimProcess> voters = new TreeMap<>();
    private final Map<NodeId, SimMetadata> views = new TreeMap<>();
    private final Map<NodeId, Integer> nextPositions = new TreeMap<>();
    private final List<Consumer<ControlState>> observers = new ArrayList<>();
    private @Nullable NodeId leader;
    private boolean electing;
    private int proposals;

    public SimControlLog(SimWorld world, SimNetwork network, Settings settings) {
        this.world = world;
        this.network = network;
        this.random = world.random().split();
        this.settings = settings;
        states.add(ControlState.initial());
        outcomes.add(new Outcome.Applied(0, 0));
    }

    SimRandom random() {
        return random;
    }

    Settings settings() {
        return settings;
    }

    /** The newest state, which perhaps no node has seen yet. */
    public ControlState newest() {
        return states.getLast();
    }

    /** Tells of every new state at the instant of its commit: for invariants. */
    public void observe(Consumer<ControlState> observer) {
        observers.add(observer);
    }

    ControlState stateAt(int position) {
        return states.get(position);
    }

    Outcome outcomeAt(int position) {
        return outcomes.get(position);
    }

    /** How many states there have been, less one. */
    public int newestPosition() {
        return states.size() - 1;
    }

    /**
     * The client of a new process. Its view begins a little before where the node's last stood, or
     * far before, as with a snapshot that is old.
     */
    public SimMetadata client(SimProcess process) {
        NodeId node = process.id().node();
        SimMetadata former = views.get(node);
        int position = former == null ? 0 : former.position();
        int back = random.chance(0.2) ? random.nextInt(SNAPSHOT_EVERY) : random.nextInt(4);
        Integer demanded = nextPositions.remove(node);
        position = demanded == null ? Math.max(0, position - back) : demanded;
        SimMetadata client = new SimMetadata(this, process, position);
        voters.put(node, process);
        views.put(node, client);
        client.follow();
        return client;
    }

    /** The view of the node's next process begins there, however far back that is. */
    public void beginNextViewAt(NodeId node, int position) {
        nextPositions.put(node, position);
    }

    /** Applies a command at once, as the founder of a cluster does before anything runs. */
    public Outcome applyNow(Command command) {
        append(command);
        return outcomes.getLast();
    }

    /**
     * The leader that has a majority now, after an election if need be; null while there is none.
     */
    @Nullable NodeId leader() {
        NodeId present = leader;
        if (present != null
                && hasMajority(present)
                && network.deafForNanos(present) < DEAF_LEAD_NANOS) {
            return present;
        }
        leader = null;
        if (!electing) {
            electing = true;
            world.after(random.between(ELECTION_NANOS_MIN, ELECTION_NANOS_MAX), this::elect);
        }
        return null;
    }

    private void elect() {
        electing = false;
        List<NodeId> candidates = new ArrayList<>();
        for (NodeId node : voters.keySet()) {
            if (hasMajority(node) && network.deafForNanos(node) == 0) {
                candidates.add(node);
            }
        }
        if (!candidates.isEmpty()) {
            leader = random.pick(candidates);
            world.trace("log: %s leads", leader);
        }
    }

    private boolean hasMajority(NodeId node) {
        int reachable = 0;
        for (SimProcess voter : voters.values()) {
            if (voter.isRunning() && network.passesBothWays(node, voter.id().node())) {
                reachable++;
            }
        }
        SimProcess self = voters.get(node);
        return self != null && self.isRunning() && reachable * 2 > voters.size();
    }

    /** Whether the node can talk to a leader that has a majority. */
    boolean isInTouch(NodeId node) {
        NodeId present = leader();
        return present != null && network.passesBothWays(node, present);
    }

    /** Whether what the node asks reaches a leader that has a majority. */
    boolean isHeard(NodeId node) {
        NodeId present = leader();
        return isInTouch(node)
                && present != null
                && (present.equals(node) || network.deafForNanos(present) == 0);
    }

    List<NodeId> voters() {
        return List.copyOf(voters.keySet());
    }

    /** The lead goes to this node, as an operator may ask. */
    public void handOver(NodeId to) {
        if (hasMajority(to)) {
            leader = to;
        }
    }

    /** Whether some command may still be applied, whoever proposed it. */
    public boolean hasProposals() {
        return proposals > 0;
    }

    /** Takes a proposal; it is applied at most once, at some time or never. */
    void propose(SimProcess proposer, Command command, Consumer<Integer> applied) {
        long delay = random.skewed(settings.commitNanosMin, settings.commitNanosMax);
        if (random.chance(settings.lateChance)) {
            delay = random.skewed(settings.commitNanosMax, settings.lateNanosMax);
        }
        boolean lost = random.chance(settings.lostChance);
        world.trace("log: %s proposes %s%s", proposer, command, lost ? " (to be lost)" : "");
        if (!lost) {
            proposals++;
            world.after(delay, () -> tryCommit(proposer, command, applied, world.nowNanos()));
        }
    }

    private void tryCommit(
            SimProcess proposer, Command command, Consumer<Integer> applied, long sinceNanos) {
        if (isHeard(proposer.id().node())) {
            proposals--;
            append(command);
            applied.accept(newestPosition());
            return;
        }
        // Without a majority it waits. A proposer that gave up may still be surprised later.
        boolean hopeless = world.nowNanos() - sinceNanos > PROPOSER_PATIENCE_NANOS;
        if (!hopeless || random.chance(0.95)) {
            world.after(RETRY_NANOS, () -> tryCommit(proposer, command, applied, sinceNanos));
        } else {
            proposals--;
        }
    }

    private void append(Command command) {
        ControlState before = states.getLast();
        ControlStateMachine.Result result =
                settings.flaw.apply(before, before.index() + 1, command);
        states.add(result.state());
        outcomes.add(result.outcome());
        world.trace("log: %d %s -> %s", result.state().index(), command, result.outcome());
        for (Consumer<ControlState> observer : observers) {
            observer.accept(result.state());
        }
        for (SimMetadata view : views.values()) {
            view.follow();
        }
    }
}
