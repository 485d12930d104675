package io.ashlar.simulation;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.simulation.check.Operation;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.workload.Region;
import io.ashlar.simulation.world.SimDisk;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The invariants of DESIGN sections 5 and 6 that can be seen while the cluster runs. */
final class Invariants implements SimDisk.Observer {
    /** What a group stores that is not being taught; what a learner stores is longer. */
    private static final int NO_LEARN_STATE_BYTES = 2;

    private record Log(DeviceId device, PgId pg) {}

    private final SimulatedCluster cluster;
    private final Map<Log, LogEntry> lastEntries = new HashMap<>();

    /** Replicas that were dropped, and that nobody has begun to teach since. */
    private final Set<Log> dropped = new HashSet<>();

    private long newestIndexChecked;

    Invariants(SimulatedCluster cluster) {
        this.cluster = cluster;
    }

    /**
     * R3, on each disk: entries of a log have rising sequences, and never an epoch older than one
     * before them.
     */
    @Override
    public void applied(SimDisk disk, List<StoreOp> batch) {
        for (StoreOp op : batch) {
            Log log = new Log(disk.id(), op.pg());
            switch (op) {
                case StoreOp.Append append -> {
                    LogEntry last = lastEntries.get(log);
                    LogEntry entry = append.entry();
                    if (last != null
                            && (entry.epoch() < last.epoch()
                                    || entry.sequence() <= last.sequence())) {
                        throw new Violation(
                                "R3", disk.node() + " applies " + entry + " after " + last);
                    }
                    lastEntries.put(log, entry);
                    checkInTime(disk, append);
                }
                case StoreOp.ReplaceLog replace -> {
                    if (replace.entries().isEmpty()) {
                        lastEntries.remove(log);
                    } else {
                        lastEntries.put(log, replace.entries().getLast());
                    }
                }
                case StoreOp.DropGroup drop -> {
                    lastEntries.remove(log);
                    checkUnneeded(disk, drop.pg());
                    dropped.add(log);
                }
                case StoreOp.PutState put -> {
                    if (put.state().length() > NO_LEARN_STATE_BYTES) {
                        dropped.remove(log);
                    }
                }
                case StoreOp.Copy _, StoreOp.Lose _, StoreOp.Committed _, StoreOp.TrimLog _ -> {}
            }
        }
    }

    /** R7: nobody drops what the newest configuration counts on. */
    private void checkUnneeded(SimDisk disk, PgId pg) {
        PgConfig config = cluster.log().newest().placementGroups().get(pg);
        Member member = config == null ? null : config.members().get(disk.node());
        if (member != null && member.device().equals(disk.id())) {
            throw new Violation("R7", disk.node() + " drops its replica, a member's: " + config);
        }
    }

    /** R7: nobody becomes a member with a replica that it has dropped. */
    private void checkNotDropped(PgConfig config) {
        for (Member member : config.members().values()) {
            if (dropped.contains(new Log(member.device(), config.id()))) {
                throw new Violation(
                        "R7", member.node() + " is a member with a dropped replica: " + config);
            }
        }
    }

    /**
     * F1: a write takes effect, if at all, before it had to be decided: before its abort was
     * answered, say. It takes effect when the primary of the newest configuration applies it.
     */
    private void checkInTime(SimDisk disk, StoreOp.Append append) {
        if (append.entry().kind() != LogEntry.Kind.WRITE) {
            return;
        }
        PgConfig config = cluster.log().newest().placementGroups().get(append.pg());
        boolean effective =
                config != null
                        && config.primary().equals(disk.node())
                        && append.entry().epoch() >= config.leadEpoch();
        Payload data = append.blocks().data();
        ByteBuffer bytes = ByteBuffer.wrap(data.array(), data.offset(), data.length());
        for (int at = 0; at < data.length(); at += Region.SECTOR_BYTES) {
            cluster.ledger().applied(bytes.getLong(data.offset() + at), effective);
        }
    }

    /** A power cut or a restart: what the log ends with is what is there now. */
    void reloaded(SimDisk disk) {
        lastEntries.keySet().removeIf(log -> log.device().equals(disk.id()));
    }

    /** R2: at most one process would answer a read of the group at this instant. */
    void checkLeases() {
        for (PgId pg : cluster.log().newest().placementGroups().keySet()) {
            NodeId holder = null;
            for (SimNode node : cluster.simNodes()) {
                SimNode.Life life = node.life();
                if (life != null && life.program().holdsFullLease(pg)) {
                    if (holder != null) {
                        throw new Violation(
                                "R2",
                                holder + " and " + node.id() + " both hold the lease of " + pg);
                    }
                    holder = node.id();
                }
            }
        }
    }

    /** R6, when a write is acknowledged: every member of the newest configuration holds it. */
    void onWriteDone(Region region, Operation write) {
        ControlState state = cluster.log().newest();
        PgConfig config = config(state, region);
        if (config != null) {
            checkMembers(state, config, region, write);
        }
    }

    /** R6, when a configuration is new: every member of it holds all that was acknowledged. */
    void onState(ControlState state) {
        if (state.index() <= newestIndexChecked) {
            return;
        }
        newestIndexChecked = state.index();
        state.placementGroups().values().stream()
                .filter(config -> config.index() == state.index())
                .forEach(this::checkNotDropped);
        for (Map.Entry<String, Operation> last : cluster.ledger().lastDone().entrySet()) {
            Region region = cluster.ledger().region(last.getKey());
            PgConfig config = region == null ? null : config(state, region);
            if (region != null && config != null && config.index() == state.index()) {
                checkMembers(state, config, region, last.getValue());
            }
        }
    }

    private static @Nullable PgConfig config(ControlState state, Region region) {
        VolumeRecord volume = state.volumes().get(region.volume());
        Pool pool = volume == null ? null : state.pools().get(volume.pool());
        return volume == null || pool == null
                ? null
                : state.placementGroups().get(volume.placementGroup(region.chunk(), pool));
    }

    private void checkMembers(
            ControlState state, PgConfig config, Region region, Operation acknowledged) {
        VolumeRecord volume = state.volumes().get(region.volume());
        if (volume == null) {
            return;
        }
        for (Member member : config.members().values()) {
            SimDisk disk = cluster.disk(member.device());
            if (disk == null || disk.hasFailed()) {
                continue;
            }
            ChunkId chunk = volume.chunk(region.chunk());
            if (disk.isLost(config.id(), blocks(chunk, region))) {
                continue; // and known to be: it answers no read of it
            }
            long value = valueOn(disk, config.id(), chunk, region);
            if (value != acknowledged.value() && !mayHaveReplaced(value, acknowledged)) {
                throw new Violation(
                        "R6",
                        member.process()
                                + " is a member of "
                                + config
                                + ", and holds "
                                + value
                                + " for "
                                + region.register()
                                + " after the acknowledgement of "
                                + acknowledged);
            }
        }
    }

    private static long valueOn(SimDisk disk, PgId pg, ChunkId chunk, Region region) {
        BlockRange range = blocks(chunk, region);
        Blocks blocks = disk.onPlatter(pg, range);
        return region.value(blocks.data(), region.offset() - range.first() * Sizes.BLOCK_BYTES);
    }

    private static BlockRange blocks(ChunkId chunk, Region region) {
        int first = region.offset() / Sizes.BLOCK_BYTES;
        int end = (region.end() + Sizes.BLOCK_BYTES - 1) / Sizes.BLOCK_BYTES;
        return new BlockRange(chunk, first, end - first);
    }

    /**
     * Whether a value may stand where another was acknowledged: its write had not ended by then.
     */
    private boolean mayHaveReplaced(long value, Operation acknowledged) {
        if (value == 0) {
            return cluster.ledger().history().register(acknowledged.register()).stream()
                    .anyMatch(o -> o.isWrite() && o.value() == 0 && o.end() > acknowledged.begin());
        }
        Operation write = cluster.ledger().writeOf(acknowledged.register(), value);
        return write != null && write.end() > acknowledged.begin();
    }

    /** No disk here loses a write without a word, so no scrub may ever see intact copies differ. */
    void checkConsistent(Stream<ScrubStatus> scrubs) {
        scrubs.filter(status -> status.inconsistent() > 0)
                .findFirst()
                .ifPresent(status -> {
                    throw new Violation("R4", "a scrub saw intact copies that differ: " + status);
                });
    }

    /** After a scrub: what is damaged still is damaged on all members. */
    void checkScrubbed() {
        for (PgConfig config : cluster.log().newest().placementGroups().values()) {
            Map<ChunkId, Set<Integer>> expected = null;
            for (Member member : config.members().values()) {
                SimDisk disk = cluster.disk(member.device());
                Map<ChunkId, Set<Integer>> damaged =
                        disk == null ? Map.of() : disk.damaged(config.id());
                if (expected != null && !expected.equals(damaged)) {
                    throw new Violation(
                            "scrub",
                            config.id()
                                    + " was scrubbed, and not repaired: "
                                    + expected
                                    + " and "
                                    + damaged
                                    + " are damaged");
                }
                expected = damaged;
            }
        }
    }

    /** R4, when all is quiet: the members of each group hold equal contents. */
    void checkReplicasEqual() {
        for (PgConfig config : cluster.log().newest().placementGroups().values()) {
            Map<ChunkId, Long> expected = null;
            Member first = null;
            for (Member member : config.members().values()) {
                SimDisk disk = cluster.disk(member.device());
                if (disk == null) {
                    continue;
                }
                Map<ChunkId, Long> digests = disk.digests(config.id());
                if (expected == null) {
                    expected = digests;
                    first = member;
                } else if (!expected.equals(digests)) {
                    throw new Violation(
                            "R4",
                            config.id()
                                    + " differs: "
                                    + first
                                    + " has "
                                    + expected
                                    + ", "
                                    + member
                                    + " has "
                                    + digests);
                }
            }
        }
    }
}
