package io.ashlar.simulation;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.ControlLoop;
import io.ashlar.metadata.HealingRules;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.ReplicationNode;
import io.ashlar.replication.ReplicationSettings;
import io.ashlar.replication.ScrubSettings;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.replication.group.PlacementGroup;
import io.ashlar.simulation.world.SimMetadata;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimTransport;
import io.ashlar.simulation.world.SimWorld;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The placement groups that ship, under an owner of the simulation's own. */
public final class ReplicationProgram implements NodeProgram {
    private static final Duration LOOP_TICK = Duration.ofMillis(200);

    private final PgRules rules;
    private final ReplicationSettings settings;
    private final @Nullable HealingRules healing;

    /** Without a control loop: targets stay where somebody puts them. */
    public ReplicationProgram(PgRules rules, ReplicationSettings settings) {
        this(rules, settings, null);
    }

    /**
     * @param healing what a control loop keeps; null for none
     */
    public ReplicationProgram(
            PgRules rules, ReplicationSettings settings, @Nullable HealingRules healing) {
        this.rules = rules;
        this.settings = settings;
        this.healing = healing;
    }

    /** A control loop for half of the seeds. */
    public static boolean heals(long seed) {
        return new SimRandom(seed ^ 0x6C62272EL).chance(0.5);
    }

    /** Settings of a loop that is in a hurry. */
    static ClusterSettings healing(long seed) {
        SimRandom random = new SimRandom(seed ^ 0x1F83D9ABL);
        return new ClusterSettings(
                random.pick(List.of(Duration.ofSeconds(3), Duration.ofMinutes(10))),
                1 + random.nextInt(2),
                random.chance(0.8),
                random.pick(List.of(256L << 10, 1L << 20)),
                random.pick(List.of(1L << 20, 1L << 30)));
    }

    /** Times as they ship, with limits small enough to be reached. */
    public static ReplicationSettings settings(long seed) {
        SimRandom random = new SimRandom(seed ^ 0x2545F491L);
        ReplicationSettings shipped = ReplicationSettings.DEFAULT;
        return shipped.withLimits(
                        random.pick(List.of(16, 64, shipped.logEntriesMax())),
                        random.pick(List.of(8 * 1024, shipped.copyBytes())),
                        random.pick(List.of(16 * 1024, shipped.copyBytesInFlight())))
                .withCalm(random.pick(List.of(100_000_000L, shipped.calmNanos())))
                .withLearning(random.pick(List.of(16L << 10, shipped.learnBytesInFlight())));
    }

    /** In some runs all the time, in others only when asked, in pieces of all sizes. */
    private static ScrubSettings scrub(long seed) {
        SimRandom random = new SimRandom(seed ^ 0x6A09E667L);
        long lightNanos = random.pick(List.of(1L, 5L, 1_000L)) * SimWorld.SECOND;
        return new ScrubSettings(
                lightNanos,
                3 * lightNanos,
                SimWorld.SECOND,
                64 << 20,
                64 << 20,
                random.pick(List.of(200L, 1_000L)) * SimWorld.MILLI,
                random.pick(List.of(4096, 16_384, 262_144)),
                2);
    }

    @Override
    public Running start(
            SimProcess process,
            SimTransport transport,
            SimMetadata metadata,
            List<ChunkDevice> devices,
            Consumer<String> fatal) {
        int shardCount = 1 + process.random().nextInt(2);
        List<Shard> shards = new java.util.ArrayList<>();
        for (int i = 0; i < shardCount; i++) {
            shards.add(process.shard("groups" + i));
        }
        ReplicationNode node =
                new ReplicationNode(
                        process.clock(),
                        settings,
                        scrub(process.world().seed()),
                        rules,
                        transport,
                        metadata,
                        devices,
                        shards,
                        process.shard("liveness"),
                        process.shard("client"),
                        fatal);
        return new Running() {
            @Override
            public void begin() {
                node.start();
                if (healing != null) {
                    Shard shard = process.shard("control");
                    new ControlLoop(
                                    process.id().node(),
                                    process.clock(),
                                    () -> process.clock().nanos() / SimWorld.MILLI,
                                    shard,
                                    metadata,
                                    node::hears,
                                    ControlLoop.byForce(metadata, shard),
                                    LOOP_TICK,
                                    healing)
                            .start();
                }
            }

            @Override
            public BlockGroups groups() {
                return node;
            }

            @Override
            public boolean holdsFullLease(PgId pg) {
                return node.group(pg).map(PlacementGroup::servesReads).orElse(false);
            }

            @Override
            public boolean isDeaf() {
                return node.isDeaf();
            }

            @Override
            public boolean isTeaching() {
                return metadata.state().placementGroups().keySet().stream()
                        .flatMap(pg -> node.group(pg).stream())
                        .anyMatch(group -> group.status().learners() > 0);
            }

            @Override
            public Optional<List<ScrubStatus>> scrubs() {
                return Optional.of(node.scrubs());
            }

            @Override
            public String describe() {
                return node.groups().toString();
            }
        };
    }
}
