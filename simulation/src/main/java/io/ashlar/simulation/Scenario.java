package io.ashlar.simulation;

import io.ashlar.replication.ReplicationSettings;
import io.ashlar.simulation.workload.FaultInjector;
import io.ashlar.simulation.workload.FaultKind;
import io.ashlar.simulation.workload.HostStyle;
import io.ashlar.simulation.world.SimControlLog;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimWorld;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * The circumstances under which a seed is run: anything at all, or what some rule is there for, so
 * that a mutant without that rule is noticed within few seeds.
 */
public enum Scenario {
    ANYTHING(drawn -> drawn),
    /** Every kind of fault in one run. */
    EVERYTHING(drawn ->
            drawn.with(
                            new FaultInjector.Settings(
                                    EnumSet.allOf(FaultKind.class),
                                    20 * SimWorld.MILLI,
                                    500 * SimWorld.MILLI,
                                    SimWorld.SECOND))
                    .withPowerCut(true)),
    /** Writes that only a primary has, seen by readers, and lost with it. */
    STRANDED_WRITES(drawn -> hectic(drawn.on(3, 3, 1, 1), FaultKind.STRAND_PRIMARY)),
    /** Learners whose teacher dies when logs are short and copies slow. */
    HALF_TAUGHT(
            drawn ->
                    hectic(
                            drawn.on(3, 3, 1, 1),
                            FaultKind.KILL,
                            FaultKind.KILL_TEACHER,
                            FaultKind.RESTART_AT_ONCE),
            Scenario::shortLogs),
    /** Replicas that move all the time, to learners that are compared with, on slow disks. */
    COMPARED_LEARNERS(
            drawn ->
                    hectic(drawn.on(4, 2, 1, 1), FaultKind.MOVE_TARGETS, FaultKind.KILL)
                            .with(slowDisks()),
            Scenario::shortLogs),
    /** Primaries that are deposed and do not see it, with answers to them on their way. */
    BLIND_PRIMARY(drawn ->
            hectic(
                    drawn.on(3, 3, 1, 1),
                    FaultKind.ISOLATE_PRIMARY_BLIND,
                    FaultKind.DELAY_ANSWERS_TO_BLIND_PRIMARY)),
    /** A backup's successor answers for its former process. */
    RESTARTED_BACKUP(drawn -> hectic(drawn.on(3, 2, 1, 1), FaultKind.RESTART_BESIDE_BLIND_PRIMARY)),
    /** A deposed primary whose first messages arrive long after its successor's. */
    LATE_RECONCILE(drawn -> hectic(drawn.on(5, 5, 1, 1), FaultKind.DELAY_NEW_PRIMARY)),
    /** Leads that end while they reconcile, with tails on many nodes, on slow disks. */
    HALF_RECONCILED(
            drawn ->
                    hectic(drawn.on(3, 3, 1, 1))
                            .with(slowDisks())
                            .with(
                                    FaultInjector.Settings.of(
                                            1_500 * SimWorld.MILLI,
                                            SimWorld.SECOND,
                                            FaultKind.STRAND_PRIMARY,
                                            FaultKind.KILL,
                                            FaultKind.RESTART_AT_ONCE,
                                            FaultKind.POWER_CUT_OF_ALL)),
            Scenario::shortLogs),
    /** Members that come back again and again, and learn while writes go on. */
    LEARNERS(
            drawn ->
                    hectic(
                            drawn.on(new Options.Cluster(3, 2, 3, 1, 2)),
                            FaultKind.RESTART_AT_ONCE,
                            FaultKind.KILL,
                            FaultKind.POWER_CUT,
                            FaultKind.ISOLATE),
            Scenario::shortLogs),
    /** Power goes, on one node or on all, with slow syncs. */
    POWER_CUTS(drawn ->
            hectic(
                            drawn.on(3, 3, 1, 1),
                            FaultKind.POWER_CUT,
                            FaultKind.POWER_CUT_OF_ALL,
                            FaultKind.STRAND_PRIMARY)
                    .withPowerCut(true)),
    /** Disks that are lost, with restarts about that time. */
    LOST_DISKS(drawn ->
            hectic(
                    drawn.on(3, 2, 1, 1),
                    FaultKind.REPLACE_DISK,
                    FaultKind.FAIL_DISK,
                    FaultKind.KILL,
                    FaultKind.POWER_CUT_OF_ALL)),
    /** Disks that fill and empty again. */
    FULL_DISKS(drawn -> hectic(drawn.on(3, 3, 1, 1), FaultKind.FILL_DISK, FaultKind.STALL)),
    /** Blocks that do not match their checksums, under writes to the same places. */
    BIT_ROT(drawn -> hectic(drawn.on(3, 3, 1, 1), FaultKind.FLIP_BITS, FaultKind.STALL)),
    /** The same with scrubs all the time, and members that come back. */
    SCRUBBED_ROT(drawn ->
            hectic(drawn.on(3, 3, 1, 1), FaultKind.FLIP_BITS, FaultKind.SCRUB, FaultKind.KILL)),
    /** Disks that fail under the processes that lead. */
    FAILING_DISKS(drawn ->
            hectic(
                    drawn.on(3, 3, 1, 1),
                    FaultKind.FAIL_DISK,
                    FaultKind.KILL,
                    FaultKind.FREEZE_VIEW)),
    /** Streams that break and stall, so that requests are sent again. */
    BROKEN_STREAMS(drawn ->
            hectic(
                            drawn.on(3, 3, 1, 1),
                            FaultKind.BREAK_STREAMS,
                            FaultKind.STALL,
                            FaultKind.CUT_ONE_WAY,
                            FaultKind.KILL,
                            FaultKind.RESTART_AT_ONCE,
                            FaultKind.MOVE_OWNER)
                    .with(slow(drawn.network()))),
    /** Owners that change while groups are slow and views late. */
    MOVING_OWNERS(drawn ->
            hectic(
                            drawn.on(3, 3, 1, 2),
                            FaultKind.MOVE_OWNER,
                            FaultKind.FREEZE_VIEW,
                            FaultKind.STALL,
                            FaultKind.KILL,
                            FaultKind.PAUSE)
                    .with(slow(drawn.network()))),
    /** A control loop whose leader changes, jobs of all kinds, and operators that meddle. */
    JOBS(drawn ->
            hectic(drawn.on(5, 2, 1, 4))
                    .with(
                            FaultInjector.Settings.of(
                                    SimWorld.SECOND,
                                    3 * SimWorld.SECOND,
                                    FaultKind.SCRUB,
                                    FaultKind.DRAIN,
                                    FaultKind.KILL,
                                    FaultKind.ISOLATE,
                                    FaultKind.FREEZE_VIEW))
                    .with(late(drawn.log()))),
    /** Requests that arrive under a later lead than they were sent to. */
    LATE_REQUESTS(drawn -> hectic(drawn.on(3, 2, 1, 1), FaultKind.LATE_REQUEST)),
    /** A primary that hands over and neither sees nor hears it, with clocks near their bound. */
    BLIND_HAND_OVER(
            drawn -> hectic(drawn.on(3, 2, 1, 1), FaultKind.HAND_OVER_BLIND).withDrift(0.045),
            Scenario::restless),
    /** Targets that come and go, while the control log is late. */
    FLICKERING_TARGETS(
            drawn ->
                    hectic(drawn.on(4, 2, 1, 2), FaultKind.FLICKER_TARGETS, FaultKind.MOVE_TARGETS)
                            .with(
                                    FaultInjector.Settings.of(
                                            SimWorld.SECOND,
                                            SimWorld.SECOND,
                                            FaultKind.FLICKER_TARGETS,
                                            FaultKind.MOVE_TARGETS))
                            .with(late(drawn.log())),
            Scenario::restless),
    /** Replicas that are dropped while primaries that do not see it look for good copies. */
    DEPARTED_ROT(
            drawn ->
                    hectic(
                            drawn.on(4, 2, 1, 2),
                            FaultKind.MOVE_TARGETS,
                            FaultKind.FLIP_BITS,
                            FaultKind.SCRUB,
                            FaultKind.FREEZE_VIEW,
                            FaultKind.STALL),
            Scenario::restless),
    /** A process that starts with a view of before it became a member. */
    NEW_MEMBERS(
            drawn -> hectic(drawn.on(4, 2, 1, 1), FaultKind.RESTART_WITH_NEW_MEMBER),
            Scenario::restless),
    /** Owners that restart so fast that the answers to the former process meet the next. */
    RESTARTED_OWNERS(drawn ->
            hectic(drawn.on(3, 2, 1, 1))
                    .with(
                            FaultInjector.Settings.of(
                                    700 * SimWorld.MILLI,
                                    2 * SimWorld.SECOND,
                                    FaultKind.RESTART_AT_ONCE,
                                    FaultKind.STALL,
                                    FaultKind.MOVE_OWNER))),
    /** A deposed owner's requests come late to a primary that knows of nothing, under aborts. */
    STALLED_OWNERS(drawn ->
            impatient(drawn, HostStyle.NVME_WITH_ABORT)
                    .with(
                            FaultInjector.Settings.of(
                                    SimWorld.SECOND,
                                    SimWorld.SECOND,
                                    FaultKind.STALL_DEPOSED_OWNER,
                                    FaultKind.CUT_HOST))),
    /** Hosts that leave nodes which stand still, while volumes move. */
    LEFT_NODES(drawn -> roaming(drawn, HostStyle.NVME, 4 * SimWorld.SECOND, FaultKind.LEAVE_NODE)),
    /** The same hosts, which abort first. */
    LEFT_NODES_ABORTING(drawn ->
            roaming(
                    drawn,
                    HostStyle.NVME_WITH_ABORT,
                    2 * SimWorld.SECOND,
                    FaultKind.LEAVE_NODE,
                    FaultKind.STALL_OWNER)),
    /** Owners whose requests are long on their way, under aborts. */
    STALLED_REQUESTS(drawn ->
            roaming(
                    drawn,
                    HostStyle.NVME_WITH_ABORT,
                    4 * SimWorld.SECOND,
                    FaultKind.STALL_OWNER,
                    FaultKind.CUT_HOST)),
    /** Volumes that move all the time, by plan or taken, while the control log is late. */
    LATE_MOVES(drawn ->
            roaming(
                            drawn,
                            HostStyle.NVME_WITH_ABORT,
                            SimWorld.SECOND,
                            FaultKind.MOVE_PLANNED,
                            FaultKind.MOVE_OWNER,
                            FaultKind.FREEZE_VIEW,
                            FaultKind.STALL)
                    .with(late(drawn.log()))),
    /** Hosts that take another path soon, and stalls of everything between them and the disks. */
    IMPATIENT_HOSTS(drawn -> impatient(drawn, HostStyle.NVME)),
    /** The same over iSCSI. */
    IMPATIENT_MULTIPATH(drawn -> impatient(drawn, HostStyle.MULTIPATH)),
    /** The same through the sessions that ship. */
    IMPATIENT_ISCSI(drawn -> impatient(drawn, HostStyle.ISCSI)),
    /** Two hosts that compare before they write, while answers are lost with their owners. */
    COMPARING(drawn -> comparing(drawn, HostStyle.MULTIPATH), Scenario::longLogs),
    /** The same through the sessions that ship. */
    COMPARING_ISCSI(drawn -> comparing(drawn, HostStyle.ISCSI), Scenario::longLogs),
    /** Two hosts that set bits of what is there, while owners and primaries die and move. */
    SETTING_BITS(Scenario::settingBits),
    /** Volumes that grow all the time, in parts of chunks, while views are late. */
    GROWING(drawn ->
            hectic(
                            drawn.on(3, 2, 1, 2),
                            FaultKind.FREEZE_VIEW,
                            FaultKind.MOVE_OWNER,
                            FaultKind.MOVE_PLANNED,
                            FaultKind.STALL,
                            FaultKind.KILL,
                            FaultKind.PREFER_ANOTHER)
                    .under(
                            drawn.load()
                                    .from(HostStyle.MULTIPATH)
                                    .busy(6, 20 * SimWorld.MILLI, 0.6, SimWorld.SECOND)
                                    .growingTo(12))
                    .with(late(drawn.log()))),
    /** The same hosts, which abort first. */
    ABORTING_HOSTS(drawn -> impatient(drawn, HostStyle.NVME_WITH_ABORT)),
    /** Two hosts that preempt each other, while owners move and die and commands are late. */
    FOUGHT_OVER(drawn ->
            drawn.on(3, 2, 1, 2)
                    .under(
                            drawn.load()
                                    .from(HostStyle.MULTIPATH)
                                    .busy(1, 200 * SimWorld.MILLI, 0.5, SimWorld.SECOND)
                                    .foughtOver())
                    .with(
                            FaultInjector.Settings.of(
                                    900 * SimWorld.MILLI,
                                    2 * SimWorld.SECOND,
                                    FaultKind.MOVE_OWNER,
                                    FaultKind.MOVE_PLANNED,
                                    FaultKind.KILL,
                                    FaultKind.RESTART_AT_ONCE,
                                    FaultKind.STALL,
                                    FaultKind.PAUSE,
                                    FaultKind.FREEZE_VIEW))
                    .with(late(drawn.log()))
                    .withPowerCut(false));

    /** In so many runs under anything hosts fight over a volume once. */
    private static final int RUNS_PER_RIVALRY = 4;

    private final UnaryOperator<Options> options;
    private final UnaryOperator<ReplicationSettings> settings;

    Scenario(UnaryOperator<Options> options) {
        this(options, settings -> settings);
    }

    Scenario(UnaryOperator<Options> options, UnaryOperator<ReplicationSettings> settings) {
        this.options = options;
        this.settings = settings;
    }

    /** As the command line names it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What a seed's run looks like. */
    public Options options(long seed) {
        Options drawn = options.apply(Options.random(seed));
        boolean hasRivals =
                this == ANYTHING
                        && seed % RUNS_PER_RIVALRY == 0
                        && drawn.load().style().answersPings();
        return hasRivals ? drawn.under(drawn.load().foughtOver()) : drawn;
    }

    /** The limits of its groups. */
    public ReplicationSettings settings(long seed) {
        return settings.apply(ReplicationProgram.settings(seed));
    }

    private static ReplicationSettings restless(ReplicationSettings drawn) {
        return drawn.withCalm(100 * SimWorld.MILLI);
    }

    private static Options hectic(Options drawn, FaultKind first, FaultKind... others) {
        FaultKind[] kinds = Arrays.copyOf(others, others.length + 1);
        kinds[others.length] = first;
        return hectic(drawn)
                .with(FaultInjector.Settings.of(4 * SimWorld.SECOND, SimWorld.SECOND, kinds));
    }

    /** Slow disks, and clients that leave them no time. */
    private static Options hectic(Options drawn) {
        SimDisk.Settings disk =
                new SimDisk.Settings(
                        10 * SimWorld.MICRO,
                        10 * SimWorld.MILLI,
                        100 * SimWorld.MICRO,
                        5 * SimWorld.MILLI,
                        0,
                        SimWorld.MILLI,
                        SimDisk.Flaw.NONE);
        return drawn.with(disk)
                .under(drawn.load().busy(8, 10 * SimWorld.MILLI, 0.6, SimWorld.SECOND));
    }

    private static SimNetwork.Settings slow(SimNetwork.Settings drawn) {
        return new SimNetwork.Settings(
                drawn.delayNanosMin(),
                3 * SimWorld.MILLI,
                0.02,
                2 * SimWorld.SECOND,
                drawn.codecEvery(),
                drawn.closeFormerStreams());
    }

    /** One volume on two of four nodes, so that hosts use nodes that have nothing to do with it. */
    private static Options roaming(
            Options drawn, HostStyle style, long gapNanosMax, FaultKind... kinds) {
        return drawn.on(new Options.Cluster(4, 1, 2, 1, 1))
                .under(
                        new Options.Load(
                                1,
                                1,
                                style,
                                1,
                                6,
                                30 * SimWorld.MILLI,
                                0.7,
                                200 * SimWorld.MILLI,
                                0,
                                false,
                                0,
                                0,
                                false))
                .with(FaultInjector.Settings.of(gapNanosMax, 2 * SimWorld.SECOND, kinds))
                .withPowerCut(false);
    }

    private static SimControlLog.Settings late(SimControlLog.Settings drawn) {
        return new SimControlLog.Settings(
                drawn.commitNanosMin(),
                drawn.commitNanosMax(),
                0.3,
                3 * SimWorld.SECOND,
                0.2,
                50 * SimWorld.MILLI,
                drawn.flaw());
    }

    private static Options impatient(Options drawn, HostStyle style) {
        return drawn.on(3, 2, 1, 2)
                .under(
                        drawn.load()
                                .from(style)
                                .busy(6, 30 * SimWorld.MILLI, 0.9, 120 * SimWorld.MILLI))
                .with(
                        FaultInjector.Settings.of(
                                600 * SimWorld.MILLI,
                                3 * SimWorld.SECOND,
                                FaultKind.CUT_HOST,
                                FaultKind.MOVE_OWNER,
                                FaultKind.PAUSE,
                                FaultKind.PAUSE_IN_STEP,
                                FaultKind.STALL,
                                FaultKind.FREEZE_VIEW));
    }

    /** A write takes its time, so that much is decided before it is on the disk. */
    private static SimDisk.Settings slowDisks() {
        return new SimDisk.Settings(
                SimWorld.MILLI,
                5 * SimWorld.MILLI,
                5 * SimWorld.MILLI,
                40 * SimWorld.MILLI,
                0.1,
                100 * SimWorld.MILLI,
                SimDisk.Flaw.NONE);
    }

    private static Options comparing(Options drawn, HostStyle style) {
        return drawn.on(3, 3, 2, 2)
                .under(
                        drawn.load()
                                .from(style)
                                .busy(4, 30 * SimWorld.MILLI, 0.9, 200 * SimWorld.MILLI)
                                .comparing(2, 0.7))
                .with(
                        FaultInjector.Settings.of(
                                900 * SimWorld.MILLI,
                                3 * SimWorld.SECOND,
                                FaultKind.CUT_HOST,
                                FaultKind.MOVE_OWNER,
                                FaultKind.MOVE_PLANNED,
                                FaultKind.KILL,
                                FaultKind.PAUSE,
                                FaultKind.STALL));
    }

    private static Options settingBits(Options drawn) {
        return drawn.on(3, 3, 2, 2)
                .under(
                        drawn.load()
                                .busy(4, 30 * SimWorld.MILLI, 0.8, 200 * SimWorld.MILLI)
                                .settingBits(2, 0.6))
                .with(
                        FaultInjector.Settings.of(
                                900 * SimWorld.MILLI,
                                3 * SimWorld.SECOND,
                                FaultKind.CUT_HOST,
                                FaultKind.BREAK_STREAMS,
                                FaultKind.LATE_REQUEST,
                                FaultKind.PREFER_ANOTHER,
                                FaultKind.MOVE_OWNER,
                                FaultKind.MOVE_PLANNED,
                                FaultKind.KILL,
                                FaultKind.PAUSE,
                                FaultKind.STALL));
    }

    private static ReplicationSettings longLogs(ReplicationSettings drawn) {
        ReplicationSettings shipped = ReplicationSettings.DEFAULT;
        return drawn.withLimits(
                shipped.logEntriesMax(), drawn.copyBytes(), drawn.copyBytesInFlight());
    }

    private static ReplicationSettings shortLogs(ReplicationSettings drawn) {
        return drawn.withLimits(16, 4096, 8192);
    }
}
