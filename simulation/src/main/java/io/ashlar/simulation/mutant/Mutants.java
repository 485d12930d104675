package io.ashlar.simulation.mutant;

import io.ashlar.iscsi.SessionRules;
import io.ashlar.metadata.HealingRules;
import io.ashlar.replication.PgRules;
import io.ashlar.simulation.Options;
import io.ashlar.simulation.Program;
import io.ashlar.simulation.Scenario;
import io.ashlar.simulation.world.ControlFlaw;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.volume.owner.FenceRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Every deliberate fault that must be caught; a new one is one line. */
public final class Mutants {
    private static final double DRIFT_FAR_BEYOND_THE_BOUND = 0.6;

    private Mutants() {}

    /** All of them. */
    public static List<Mutant> all() {
        List<Mutant> all = new ArrayList<>();
        all.addAll(LEASES);
        all.addAll(WRITES);
        all.addAll(LEARNERS);
        all.addAll(DAMAGE);
        all.addAll(RESTARTS);
        all.addAll(JOBS);
        all.addAll(FENCES);
        all.addAll(MOVES);
        all.addAll(RESERVATIONS);
        all.addAll(GROWTH);
        all.addAll(SESSIONS);
        all.addAll(COMPARISONS);
        all.addAll(WORLD);
        return all;
    }

    /** The one of this name. */
    public static Optional<Mutant> named(String name) {
        return all().stream().filter(mutant -> mutant.name().equals(name)).findFirst();
    }

    /**
     * Rules whose mutants survive in whole clusters, and the test that notices that they are
     * missing. Each rule is either here or has a mutant.
     */
    public static Map<Enum<?>, String> elsewhere() {
        Map<Enum<?>, String> tests = new LinkedHashMap<>();
        tests.put(FenceRules.Rule.ABORT_MARK, "FenceScheduleTest");
        tests.put(FenceRules.Rule.HAND_OVER_AGE, "FenceScheduleTest");
        tests.put(FenceRules.Rule.RESERVATION_DRAIN, "ReservationTest");
        tests.put(FenceRules.Rule.DEAF_IS_SILENT, "DeafNodeTest");
        tests.put(PgRules.Rule.DEAF_IS_SILENT, "DeafNodeTest");
        tests.put(PgRules.Rule.DEAF_JUDGES_NOBODY, "DeafNodeTest");
        tests.put(PgRules.Rule.NAMED_DEVICE, "MisplacedGroupTest");
        tests.put(PgRules.Rule.PLACE_REGISTERED, "ReturnOnAnotherDiskTest");
        tests.put(PgRules.Rule.HELD_COMMITTED, "ReturnOnAnotherDiskTest");
        for (HealingRules.Rule rule : HealingRules.Rule.values()) {
            if (rule != HealingRules.Rule.SCRUB_ALL) {
                tests.put(rule, "HealingScheduleTest"); // which knows what the loop judged by
            }
        }
        return tests;
    }

    private static final List<Mutant> LEASES =
            List.of(
                    Mutant.of(
                            PgRules.Rule.LEASE_FROM_SENT,
                            "a lease runs from the receipt of an answer that was long on its way",
                            Scenario.BLIND_PRIMARY,
                            400),
                    Mutant.of(
                            PgRules.Rule.LEASE_INDEX,
                            "an answer of a member that knows a newer configuration counts",
                            Scenario.BLIND_PRIMARY,
                            400),
                    Mutant.of(
                            PgRules.Rule.LEASE_WITHHELD,
                            "a backup that petitions goes on answering the primary's beacons",
                            Scenario.BLIND_PRIMARY,
                            400),
                    Mutant.of(
                            PgRules.Rule.GRACE,
                            "a backup petitions at once",
                            Scenario.ANYTHING,
                            20),
                    Mutant.of(
                            PgRules.Rule.BIND_PROPOSAL,
                            "a proposed member's answers and leases are not needed yet",
                            Scenario.ANYTHING,
                            400),
                    Mutant.of(
                            PgRules.Rule.INCARNATION,
                            "another process of the node answers for the member",
                            Scenario.RESTARTED_BACKUP,
                            400),
                    Mutant.of(
                            PgRules.Rule.YIELD_LEASE,
                            "a primary keeps its lease while it hands over",
                            Scenario.BLIND_HAND_OVER,
                            100),
                    Mutant.of(
                            PgRules.Rule.READ_CHECK,
                            "lease and uncommitted writes are looked at before the data is fetched",
                            Scenario.STRANDED_WRITES,
                            400),
                    Mutant.of(
                            PgRules.Rule.READ_WAIT,
                            "reads see uncommitted data",
                            Scenario.STRANDED_WRITES,
                            400));

    private static final List<Mutant> WRITES =
            List.of(
                    Mutant.of(
                            PgRules.Rule.ALL_MEMBERS,
                            "a write is acknowledged before the last backup has it",
                            Scenario.ANYTHING,
                            20),
                    Mutant.of(
                            PgRules.Rule.CONFIRM_STABLE,
                            "a member confirms before its fsync",
                            Scenario.ANYTHING,
                            20),
                    Mutant.of(
                            PgRules.Rule.NO_GAPS,
                            "a member that had no room for one entry confirms the next",
                            Scenario.FULL_DISKS,
                            200),
                    Mutant.of(
                            PgRules.Rule.EPOCH_CHECK,
                            "members take what an older lead sends",
                            Scenario.LATE_RECONCILE,
                            400),
                    Mutant.of(
                            PgRules.Rule.RECONCILE_FIRST,
                            "a new primary serves at once",
                            Scenario.HALF_RECONCILED,
                            400),
                    Mutant.of(
                            PgRules.Rule.RECONCILE_ENTRIES,
                            "a new primary does not make the members' tails equal",
                            Scenario.STRANDED_WRITES,
                            400),
                    Mutant.of(
                            PgRules.Rule.RECONCILE_STABLE,
                            "what reconcile writes counts before anybody has stored it",
                            Scenario.HALF_RECONCILED,
                            3000),
                    Mutant.of(
                            PgRules.Rule.WIDEN_HELD,
                            "two writes to one block are widened at the same time",
                            Scenario.ANYTHING,
                            50),
                    Mutant.of(
                            PgRules.Rule.REQUEST_LEAD,
                            "a late copy of a request is executed under a later lead",
                            Scenario.LATE_REQUESTS,
                            400),
                    Mutant.of(
                            PgRules.Rule.REPAIR_ENTRY,
                            "a damaged block is replaced beside the log",
                            Scenario.BIT_ROT,
                            400),
                    Mutant.of(
                            PgRules.Rule.ACCESS_DRAIN,
                            "an access epoch is confirmed while older writes are undecided",
                            Scenario.MOVING_OWNERS,
                            400),
                    Mutant.of(
                            PgRules.Rule.ACCESS_EPOCH,
                            "primaries execute what a deposed owner sends",
                            Scenario.MOVING_OWNERS,
                            50));

    private static final List<Mutant> LEARNERS =
            List.of(
                    Mutant.of(
                            PgRules.Rule.MATCH_TAIL,
                            "a learner's tail is matched by its last sequence",
                            Scenario.ANYTHING,
                            400),
                    Mutant.of(
                            PgRules.Rule.KEEP_DIRTY,
                            "a half taught learner forgets what it lacks",
                            Scenario.HALF_TAUGHT,
                            400),
                    Mutant.of(
                            PgRules.Rule.COPY_UNCOMMITTED,
                            "a learner that is compared with lacks what was uncommitted when it"
                                    + " began",
                            Scenario.COMPARED_LEARNERS,
                            400),
                    Mutant.of(
                            PgRules.Rule.COPY_IN_ORDER,
                            "copies are taken before the writes that they are sent after",
                            Scenario.ANYTHING,
                            100),
                    Mutant.of(
                            PgRules.Rule.PROMOTE_LEVEL,
                            "a learner is promoted before it is level",
                            Scenario.LEARNERS,
                            50),
                    Mutant.of(
                            PgRules.Rule.PROMOTE_STABLE,
                            "a learner is promoted before its copies are stable",
                            Scenario.LEARNERS,
                            50),
                    Mutant.of(
                            PgRules.Rule.PROMOTE_DEVICE,
                            "a learner is promoted with another device than it learned on",
                            Scenario.LEARNERS,
                            50),
                    Mutant.of(
                            PgRules.Rule.LEARN_TARGETS,
                            "a learner that was no target for a moment becomes a member",
                            Scenario.FLICKERING_TARGETS,
                            100));

    private static final List<Mutant> DAMAGE =
            List.of(
                    Mutant.of(
                            PgRules.Rule.KEEP_LOST,
                            "a learner gets zeros for what no member has intact",
                            Scenario.SCRUBBED_ROT,
                            400),
                    Mutant.of(
                            PgRules.Rule.SCRUB_POINT,
                            "copies are compared while writes go on",
                            Scenario.SCRUBBED_ROT,
                            50),
                    Mutant.of(
                            PgRules.Rule.REPAIR_HELD,
                            "a write passes between a comparison and the repair",
                            Scenario.SCRUBBED_ROT,
                            400),
                    Mutant.of(
                            PgRules.Rule.MEMBER_ANSWERS,
                            "a node that has dropped its replica gives zeros for good copies",
                            Scenario.DEPARTED_ROT,
                            400),
                    Mutant.of(
                            PgRules.Rule.RESIGN_CLOSES,
                            "a primary whose device has failed goes on to lead",
                            Scenario.FAILING_DISKS,
                            400));

    private static final List<Mutant> RESTARTS =
            List.of(
                    Mutant.of(
                                    PgRules.Rule.RESTART_DEVICE,
                                    "a node whose disk was replaced leads with the empty one",
                                    Scenario.LOST_DISKS,
                                    400)
                            .and(control(ControlFlaw.ANY_DEVICE)),
                    Mutant.of(
                                    PgRules.Rule.RESTART_LAST,
                                    "a node that was taken out leads after a restart",
                                    Scenario.POWER_CUTS,
                                    400)
                            .and(control(ControlFlaw.ANY_MEMBER)),
                    Mutant.of(
                            "no_compare",
                            "a configuration is changed whatever epoch its proposer saw",
                            control(ControlFlaw.NO_COMPARE),
                            Scenario.BLIND_PRIMARY,
                            400));

    private static final List<Mutant> JOBS =
            List.of(
                    Mutant.of(
                            HealingRules.Rule.SCRUB_ALL,
                            "a scrub is done although primaries that are away were not asked",
                            Scenario.JOBS,
                            100),
                    Mutant.of(
                            "job_index",
                            "the loop's word on a job counts whatever has become of it",
                            control(ControlFlaw.JOB_AS_SEEN),
                            Scenario.JOBS,
                            100),
                    Mutant.of(
                            "job_once",
                            "a job begins beside another one of its kind",
                            control(ControlFlaw.JOB_TWICE),
                            Scenario.JOBS,
                            50),
                    Mutant.of(
                            "scrub_once",
                            "a group that is reported twice is counted twice",
                            control(ControlFlaw.GROUP_TWICE),
                            Scenario.JOBS,
                            400),
                    Mutant.of(
                            "drain_cancelled",
                            "a drain is cancelled, and its node drains on",
                            control(ControlFlaw.CANCELLED_DRAIN),
                            Scenario.JOBS,
                            50),
                    Mutant.of(
                            "drain_ended",
                            "a node drains no more, and its drain stays open",
                            control(ControlFlaw.OPEN_DRAIN),
                            Scenario.JOBS,
                            50));

    private static final List<Mutant> FENCES =
            List.of(
                    Mutant.of(
                            FenceRules.Rule.TICK_SWITCH,
                            "a ticket older than an admission by another path is taken",
                            Scenario.IMPATIENT_HOSTS,
                            200),
                    Mutant.of(
                            FenceRules.Rule.TICK_EMPTY,
                            "a command gets its ticket when it is read, not when it came",
                            Scenario.IMPATIENT_HOSTS,
                            200),
                    Mutant.of(
                            FenceRules.Rule.PING,
                            "what waited in the host's send buffer is taken for new",
                            Scenario.IMPATIENT_MULTIPATH,
                            200),
                    Mutant.of(
                            FenceRules.Rule.DRAIN,
                            "a command is admitted while what came by another path is undecided",
                            Scenario.IMPATIENT_ISCSI,
                            100),
                    Mutant.of(
                            FenceRules.Rule.ABORT_WAITS,
                            "an abort is answered while what it covers is undecided",
                            Scenario.IMPATIENT_ISCSI,
                            100),
                    Mutant.of(
                            FenceRules.Rule.NO_RESUBMIT,
                            "a refused command is sent again in the host's stead",
                            Scenario.IMPATIENT_HOSTS,
                            100),
                    Mutant.of(
                            FenceRules.Rule.LOGIN_FENCES,
                            "a login is answered while what it replaces can still write",
                            Scenario.IMPATIENT_HOSTS,
                            400));

    private static final List<Mutant> MOVES =
            List.of(
                    Mutant.of(
                            FenceRules.Rule.INSTALL,
                            "an owner serves before every group has its access epoch",
                            Scenario.LATE_MOVES,
                            20),
                    Mutant.of(
                            FenceRules.Rule.TICK_EPOCH,
                            "an owner takes tickets of before it began to serve",
                            Scenario.LEFT_NODES,
                            300),
                    Mutant.of(
                            FenceRules.Rule.PROOF,
                            "an abort is answered by an owner that is none any more",
                            Scenario.LATE_MOVES,
                            300),
                    Mutant.of(
                            FenceRules.Rule.HAND_OVER_FROZEN,
                            "an owner goes on to admit after it has handed over",
                            Scenario.LEFT_NODES,
                            20),
                    Mutant.of(
                            FenceRules.Rule.HAND_OVER_EPOCH,
                            "what was handed over for a move that was not made counts",
                            Scenario.LATE_MOVES,
                            50),
                    Mutant.of(
                            FenceRules.Rule.HAND_OVER_MARKS,
                            "marks of the former owner do not bind its tickets at the new one",
                            Scenario.LEFT_NODES,
                            800),
                    Mutant.of(
                            FenceRules.Rule.HAND_OVER_ORDER,
                            "tickets of before count whatever the new owner has admitted",
                            Scenario.LEFT_NODES,
                            300),
                    Mutant.of(
                            FenceRules.Rule.MOVE_OUTCOME,
                            "an owner admits while nobody knows what became of its move",
                            Scenario.LATE_MOVES,
                            200),
                    Mutant.of(
                            FenceRules.Rule.FORWARD_STAMP,
                            "a part that is sent on to a new owner gets a new ticket",
                            Scenario.LEFT_NODES,
                            600));

    private static final List<Mutant> RESERVATIONS =
            List.of(
                    Mutant.of(
                            FenceRules.Rule.RESERVATION_CHECK,
                            "forwarded commands are not checked against reservations",
                            Scenario.FOUGHT_OVER,
                            200),
                    Mutant.of(
                            FenceRules.Rule.RESERVATION_SHOWN,
                            "a reservation is answered before the owner's view shows it",
                            Scenario.FOUGHT_OVER,
                            50));

    private static final List<Mutant> GROWTH =
            List.of(
                    Mutant.of(
                            FenceRules.Rule.GROWTH_AWAITED,
                            "an owner fails what lies beyond the size that it knows",
                            Scenario.GROWING,
                            50),
                    Mutant.of(
                            PgRules.Rule.GROWTH_SHOWN,
                            "a primary refuses a chunk beyond the size that it knows",
                            Scenario.GROWING,
                            50));

    private static final List<Mutant> SESSIONS =
            List.of(
                    Mutant.of(
                            SessionRules.Rule.TASK_ABORT_WAITS,
                            "ABORT TASK is answered while the task can still take effect",
                            Scenario.IMPATIENT_ISCSI,
                            100),
                    Mutant.of(
                            SessionRules.Rule.UNSUBMITTED_ABORT_WAITS,
                            "ABORT TASK of a task without its data does not wait for other paths",
                            Scenario.IMPATIENT_ISCSI,
                            400),
                    Mutant.of(
                            SessionRules.Rule.UNIT_RESET_WAITS,
                            "a unit reset is answered while tasks can still take effect",
                            Scenario.IMPATIENT_ISCSI,
                            400),
                    Mutant.of(
                            SessionRules.Rule.CLEAR_WAITS,
                            "CLEAR TASK SET is answered while tasks can still take effect",
                            Scenario.IMPATIENT_ISCSI,
                            400),
                    Mutant.of(
                            SessionRules.Rule.TARGET_RESET_WAITS,
                            "a target reset is answered while tasks can still take effect",
                            Scenario.IMPATIENT_ISCSI,
                            400),
                    Mutant.of(
                            SessionRules.Rule.NEXUS_RESET_WAITS,
                            "a nexus reset is answered while tasks can still take effect",
                            Scenario.IMPATIENT_ISCSI,
                            400),
                    Mutant.of(
                            SessionRules.Rule.LOGOUT_WAITS,
                            "a logout is answered while tasks can still take effect",
                            Scenario.IMPATIENT_ISCSI,
                            200),
                    Mutant.of(
                            SessionRules.Rule.REINSTATEMENT,
                            "a login does not fence the session whose place it takes",
                            Scenario.IMPATIENT_ISCSI,
                            400),
                    Mutant.of(
                            SessionRules.Rule.CMD_SN,
                            "a command that comes again with its CmdSN is executed again",
                            Scenario.IMPATIENT_ISCSI,
                            50),
                    Mutant.of(
                            SessionRules.Rule.TASK_TAG,
                            "data goes to whatever task wants some",
                            Scenario.IMPATIENT_ISCSI,
                            50),
                    Mutant.of(
                            SessionRules.Rule.ATTENTION,
                            "a unit attention is dropped, and the command is executed",
                            Scenario.IMPATIENT_ISCSI,
                            20));

    private static final List<Mutant> COMPARISONS =
            List.of(
                    Mutant.of(
                                    PgRules.Rule.COMPARE_HELD,
                                    "a block may change between its comparison and the write",
                                    Scenario.COMPARING,
                                    600)
                            .in(Program.VOLUMES),
                    Mutant.of(
                            PgRules.Rule.OR_HELD,
                            "blocks may change between an ORWRITE's read and its entry",
                            Scenario.SETTING_BITS,
                            50),
                    Mutant.of(
                                    PgRules.Rule.COMPARE_MARKS_LOGGED,
                                    "a new primary does not know what was compared before",
                                    Scenario.COMPARING,
                                    200)
                            .in(Program.VOLUMES),
                    Mutant.of(
                                    PgRules.Rule.COMPARE_HOST,
                                    "another host's command counts as a repetition",
                                    Scenario.COMPARING,
                                    100)
                            .in(Program.VOLUMES),
                    Mutant.of(
                                    PgRules.Rule.COMPARE_ANSWERED,
                                    "an answered command's mark counts until its settling is done",
                                    Scenario.COMPARING,
                                    50)
                            .in(Program.VOLUMES),
                    new Mutant(
                            "compare_twice",
                            "a second command counts as a repetition though the first was answered",
                            Program.VOLUMES,
                            Scenario.COMPARING_ISCSI,
                            PgRules.without(
                                    PgRules.Rule.COMPARE_ORIGIN,
                                    PgRules.Rule.COMPARE_ANSWERED,
                                    PgRules.Rule.COMPARE_SETTLED),
                            FenceRules.ALL,
                            SessionRules.ALL,
                            HealingRules.ALL,
                            UnaryOperator.identity(),
                            50));

    private static final List<Mutant> WORLD =
            List.of(
                    Mutant.of(
                            "torn_batch",
                            "half a batch that a power cut tore is taken for a whole one",
                            disk(SimDisk.Flaw.TAKES_TORN_BATCHES),
                            Scenario.POWER_CUTS,
                            400),
                    Mutant.of(
                            "early_sync",
                            "a disk says that a write is stable before it is",
                            disk(SimDisk.Flaw.CONFIRMS_EARLY),
                            Scenario.POWER_CUTS,
                            20),
                    Mutant.of(
                            "unverified",
                            "damaged blocks are read as if they were whole",
                            disk(SimDisk.Flaw.DOES_NOT_VERIFY),
                            Scenario.BIT_ROT,
                            50),
                    Mutant.of(
                                    "stream_numbers",
                                    "what came by a former stream is taken after the new one's",
                                    Mutants::mixesStreams,
                                    Scenario.BROKEN_STREAMS,
                                    800)
                            .in(Program.VOLUMES),
                    Mutant.of(
                            "clock_drift",
                            "clocks drift far beyond the bound",
                            options -> options.withDrift(DRIFT_FAR_BEYOND_THE_BOUND),
                            Scenario.BLIND_PRIMARY,
                            400));

    private static UnaryOperator<Options> control(ControlFlaw flaw) {
        return options -> options.with(options.log().with(flaw));
    }

    private static UnaryOperator<Options> disk(SimDisk.Flaw flaw) {
        return options -> options.with(options.disk().with(flaw));
    }

    private static Options mixesStreams(Options options) {
        SimNetwork.Settings network = options.network();
        return options.with(
                new SimNetwork.Settings(
                        network.delayNanosMin(),
                        network.delayNanosMax(),
                        network.spikeChance(),
                        network.spikeNanosMax(),
                        network.codecEvery(),
                        false));
    }
}
