package io.ashlar.metadata.wire;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.Fixture;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.Mapping;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord.AdminState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;

/** Commands for tests: one of each kind, and random ones from few values, so that they meet. */
public final class Samples {
    private final RandomSource random;
    private final int kinds;

    public Samples(long seed) {
        this(seed, KINDS);
    }

    /** Of the first kinds only: what an older version knew. */
    Samples(long seed, int kinds) {
        this.random = RandomSource.seeded(seed);
        this.kinds = kinds;
    }

    /** One of each kind, always the same. */
    static List<Command> oneOfEach() {
        Samples samples = new Samples(1);
        return IntStream.range(0, KINDS).mapToObj(samples::command).toList();
    }

    /** In golden files; not the default, which may change while layouts do not. */
    private static final ClusterSettings SETTINGS_OF_GOLDEN_FILES =
            new ClusterSettings(Duration.ofMinutes(10), 8, true, 16 << 20, 4L << 30);

    public static final int KINDS = 34;

    /** Those whose commands fill {@code snapshot-v1.hex}. */
    static final int KINDS_OF_SNAPSHOT_1 = 25;

    /** Those whose commands fill {@code snapshot-v2.hex}. */
    static final int KINDS_OF_SNAPSHOT_2 = 26;

    /** Those whose commands fill {@code snapshot-v3.hex} and {@code snapshot-v4.hex}. */
    static final int KINDS_OF_SNAPSHOT_4 = 27;

    /** Those before host groups. */
    static final int KINDS_WITH_GROWTH = 28;

    public Command command() {
        return command(random.nextInt(kinds));
    }

    private Command command(int kind) {
        return switch (kind) {
            case 0 -> new Command.InitializeCluster(new UUID(5, random.nextInt(3)));
            case 1, 2 ->
                    new Command.RegisterNode(
                            Fixture.node(
                                    1 + random.nextInt(4),
                                    random.nextInt(3),
                                    "host" + random.nextInt(5),
                                    random.nextInt(3)));
            case 3 ->
                    new Command.SetAdminState(
                            node(), AdminState.values()[random.nextInt(3)], stamp());
            case 4 ->
                    new Command.CreatePool(
                            name(),
                            random.nextInt(4),
                            random.nextInt(3),
                            IntStream.range(0, random.nextInt(5))
                                    .mapToObj(_ -> new Placement(node(), nodes()))
                                    .toList());
            case 5 -> reconfigure(new Change.Remove(nodes()));
            case 6 ->
                    reconfigure(
                            new Change.Add(
                                    new Member(
                                            node(),
                                            random.nextInt(3),
                                            new UUID(1 + random.nextInt(4), 77),
                                            Fixture.device(
                                                    1 + random.nextInt(4), random.nextInt(3))),
                                    random.nextInt(9)));
            case 7 -> reconfigure(new Change.Petition());
            case 8 -> reconfigure(new Change.Lead());
            case 9 ->
                    new Command.RetargetGroup(
                            pg(), new Placement(node(), nodes()), new Placement(node(), nodes()));
            case 10 ->
                    new Command.CreateVolume(
                            name(),
                            name(),
                            4096L * random.nextInt(9),
                            1 << (14 + random.nextInt(12)),
                            random.nextInt(2) == 0 ? 512 : 4096,
                            random.nextInt(4),
                            process(),
                            random.nextInt(5) - 1);
            case 11 -> new Command.DeleteVolume(volume(), random.nextInt(4));
            case 12 ->
                    random.nextInt(2) == 0
                            ? new Command.TakeOwnership(volume(), random.nextInt(4), process())
                            : new Command.MoveOwnership(volume(), random.nextInt(4), process());
            case 13 ->
                    random.nextInt(2) == 0
                            ? new Command.CreateHost("iqn." + name())
                            : new Command.DeleteHost("iqn." + name());
            case 14 ->
                    new Command.MapVolume(
                            new Mapping("iqn." + name(), volume(), random.nextInt(5) - 1));
            case 15 -> new Command.RemoveNode(node());
            case 17 -> new Command.StartJob(jobKind(), stamp());
            case 18 ->
                    new Command.ChangeJob(
                            job(), Command.ChangeJob.Wish.values()[random.nextInt(3)], stamp());
            case 19 -> {
                int total = random.nextInt(4);
                yield new Command.AdvanceJob(
                        job(),
                        random.nextInt(400),
                        JobRecord.State.values()[random.nextInt(5)],
                        random.nextInt(4),
                        total,
                        name(),
                        stamp());
            }
            case 20 -> new Command.ReportScrubbed(job(), pg());
            case 21 -> new Command.ChangeSettings(settings(), settings());
            case 16 -> reconfigure(new Change.HandOver(node()));
            case 23 -> new Command.ReplaceNode(node(), node(), stamp());
            case 22 ->
                    new Command.SetNode(
                            node(),
                            random.nextInt(2) == 0
                                    ? OptionalInt.empty()
                                    : OptionalInt.of(random.nextInt(9) - 1),
                            random.nextInt(2) == 0 ? Optional.empty() : Optional.of(name()));
            case 25 -> new Command.SetChap("iqn." + name(), chap());
            case 27 ->
                    new Command.GrowVolume(
                            volume(), 4096L * random.nextInt(9), 4096L * random.nextInt(9));
            case 26 ->
                    new Command.ChangeReservations(
                            volume(), random.nextInt(4), ReservationSamples.change(random));
            case 28 -> new Command.CreateHostGroup(name());
            case 29 -> new Command.JoinHostGroup(name(), "iqn." + name());
            case 30 -> new Command.MapVolumeToGroup(name(), volume(), random.nextInt(5) - 1);
            case 31 -> new Command.UnmapVolumeFromGroup(name(), volume());
            case 32 -> new Command.LeaveHostGroup(name(), "iqn." + name());
            case 33 -> new Command.DeleteHostGroup(name());
            default -> new Command.UnmapVolume("iqn." + name(), volume());
        };
    }

    private Optional<ChapSecrets> chap() {
        return switch (random.nextInt(3)) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(new ChapSecrets(secret(), Optional.empty()));
            default -> Optional.of(new ChapSecrets(secret(), Optional.of(secret())));
        };
    }

    private Secret secret() {
        return Secret.of("0123456789abcdef".substring(random.nextInt(6)));
    }

    private JobKind jobKind() {
        return switch (random.nextInt(4)) {
            case 0 -> new JobKind.Drain(node());
            case 1 -> new JobKind.Rebuild(process());
            case 2 -> new JobKind.Rebalance(random.nextInt(3));
            default ->
                    new JobKind.Scrub(
                            random.nextInt(2) == 0 ? Optional.empty() : Optional.of(volume()),
                            random.nextInt(2) == 0);
        };
    }

    private long job() {
        return 1 + random.nextInt(6);
    }

    private JobStamp stamp() {
        return new JobStamp(node(), random.nextInt(1000), random.nextInt(2) == 0);
    }

    private ClusterSettings settings() {
        return random.nextInt(2) == 0
                ? SETTINGS_OF_GOLDEN_FILES
                : new ClusterSettings(
                        Duration.ofMillis(random.nextInt(10_000)),
                        random.nextInt(4),
                        random.nextInt(2) == 0,
                        random.nextInt(200_000),
                        1 << 20);
    }

    private Command reconfigure(Change change) {
        return new Command.ReconfigureGroup(pg(), random.nextInt(4), process(), change);
    }

    private NodeId node() {
        return new NodeId(1 + random.nextInt(4));
    }

    private SortedSet<NodeId> nodes() {
        TreeSet<NodeId> nodes = new TreeSet<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            nodes.add(node());
        }
        return nodes;
    }

    private ProcessId process() {
        return new ProcessId(node(), random.nextInt(3));
    }

    private PgId pg() {
        return new PgId(1 + random.nextInt(2), random.nextInt(4));
    }

    private VolumeId volume() {
        return new VolumeId(1 + random.nextInt(4));
    }

    private String name() {
        return List.of("a", "b", "", "spaced name", "\u00e9", "x".repeat(64))
                .get(Math.max(0, random.nextInt(12) - 6));
    }
}
