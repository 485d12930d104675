package io.ashlar.simulation.world;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One disk, which outlives the processes that use it. It has two sets of contents: what the
 * operating system shows, and what is on the platter. A killed process loses neither; a power cut
 * leaves the platter and a prefix of what was not synced.
 */
public final class SimDisk {
    /**
     * How slow the disk is.
     *
     * @param applyNanosMin fastest application of a batch
     * @param applyNanosMax slowest usual one
     * @param syncNanosMin fastest sync
     * @param syncNanosMax slowest usual one
     * @param slowChance how often either takes up to {@code slowNanosMax} instead
     * @param slowNanosMax slowest application, sync or read
     * @param flaw which promise of a disk it breaks
     */
    public record Settings(
            long applyNanosMin,
            long applyNanosMax,
            long syncNanosMin,
            long syncNanosMax,
            double slowChance,
            long slowNanosMax,
            Flaw flaw) {
        /** The same with a promise broken. */
        public Settings with(Flaw other) {
            return new Settings(
                    applyNanosMin,
                    applyNanosMax,
                    syncNanosMin,
                    syncNanosMax,
                    slowChance,
                    slowNanosMax,
                    other);
        }
    }

    /** A promise of a disk that is broken, to test the checkers. */
    public enum Flaw {
        NONE,
        /** A batch that a power cut tore counts as far as it was written. */
        TAKES_TORN_BATCHES,
        /** Writes are confirmed when they are applied, not when they are synced. */
        CONFIRMS_EARLY,
        /** What is read is not compared with its checksum. */
        DOES_NOT_VERIFY
    }

    /** Sees every batch at the instant at which it is applied: for invariants. */
    public interface Observer {
        void applied(SimDisk disk, List<StoreOp> batch);
    }

    private final SimWorld world;
    private final SimRandom random;
    private final Settings settings;
    private final NodeId node;
    private final DeviceId id;
    private final Observer observer;
    private Map<PgId, GroupStore> shown = new TreeMap<>();
    private final Map<PgId, GroupStore> platter = new TreeMap<>();
    private final ArrayDeque<List<StoreOp>> unsynced = new ArrayDeque<>();
    private boolean full;
    private boolean nearlyFull;
    private @Nullable String failure;

    public SimDisk(SimWorld world, Settings settings, NodeId node, DeviceId id, Observer observer) {
        this.world = world;
        this.random = world.random().split();
        this.settings = settings;
        this.node = node;
        this.id = id;
        this.observer = observer;
    }

    public DeviceId id() {
        return id;
    }

    public NodeId node() {
        return node;
    }

    SimRandom random() {
        return random;
    }

    long applyDelay() {
        return delay(settings.applyNanosMin, settings.applyNanosMax);
    }

    long syncDelay() {
        return delay(settings.syncNanosMin, settings.syncNanosMax);
    }

    private long delay(long min, long max) {
        return random.chance(settings.slowChance)
                ? random.skewed(max, settings.slowNanosMax)
                : random.between(min, max);
    }

    /** Shown from here on, also to the next process; not yet on the platter. */
    void apply(List<StoreOp> batch) {
        observer.applied(this, batch);
        applyTo(shown, batch);
        unsynced.add(batch);
    }

    private static void applyTo(Map<PgId, GroupStore> stores, List<StoreOp> batch) {
        for (StoreOp op : batch) {
            stores.computeIfAbsent(op.pg(), _ -> new GroupStore()).apply(op);
        }
    }

    /** Everything that was applied is on the platter. */
    void sync() {
        for (List<StoreOp> batch = unsynced.poll(); batch != null; batch = unsynced.poll()) {
            applyTo(platter, batch);
        }
    }

    /** A prefix of what was not synced survives; the next process sees just that. */
    public void losePower() {
        int surviving = random.nextInt(unsynced.size() + 1);
        world.trace("disk %s: power cut, %d of %d unsynced", node, surviving, unsynced.size());
        for (int i = 0; i < surviving; i++) {
            applyTo(platter, unsynced.removeFirst());
        }
        // The next batch may be torn. Its record's checksum tells, so that it does not count.
        if (has(Flaw.TAKES_TORN_BATCHES) && !unsynced.isEmpty()) {
            applyTorn(unsynced.removeFirst());
        }
        unsynced.clear();
        shown = new TreeMap<>();
        platter.forEach((pg, store) -> shown.put(pg, store.copy()));
    }

    /** The entry is there, and only the first of its blocks. */
    private void applyTorn(List<StoreOp> batch) {
        for (StoreOp op : batch) {
            if (op instanceof StoreOp.Append append) {
                int whole = random.nextInt(append.entry().range().count());
                platter.computeIfAbsent(op.pg(), _ -> new GroupStore()).applyTorn(append, whole);
            }
        }
    }

    /** The device opened by a process. */
    public SimDevice open(SimProcess process) {
        return new SimDevice(this, process);
    }

    /** Writes are refused from now on, or are not. */
    public void setFull(boolean nearlyFull, boolean full) {
        world.trace("disk %s: nearly full %s, full %s", node, nearlyFull, full);
        this.nearlyFull = nearlyFull;
        this.full = full;
        if (isNearlyFull()) {
            world.spaceIsShort();
        }
    }

    boolean has(Flaw flaw) {
        return settings.flaw == flaw;
    }

    boolean isFull() {
        return full;
    }

    boolean isNearlyFull() {
        return nearlyFull || full;
    }

    /** Fails for good. */
    public void fail(String reason) {
        world.trace("disk %s: fails, %s", node, reason);
        failure = reason;
    }

    /** Works again, with what is on the platter, as after a change of cables. */
    public void revive() {
        world.trace("disk %s: works again", node);
        failure = null;
    }

    public boolean hasFailed() {
        return failure != null;
    }

    @Nullable String failure() {
        return failure;
    }

    /** Flips bits of one block of some group, in cache and on the platter. */
    public void flipBits() {
        if (!shown.isEmpty()) {
            sync();
            PgId pg = random.pick(List.copyOf(shown.keySet()));
            long choice = random.nextLong();
            String damaged = shown(pg).damage(new SimRandom(choice));
            platter.computeIfAbsent(pg, _ -> new GroupStore()).damage(new SimRandom(choice));
            world.trace("disk %s: flips bits of %s %s", node, pg, damaged);
        }
    }

    Set<PgId> groups() {
        Set<PgId> groups = new TreeSet<>();
        shown.forEach((pg, store) -> {
            if (!store.isEmpty()) {
                groups.add(pg);
            }
        });
        return groups;
    }

    GroupStore shown(PgId pg) {
        GroupStore store = shown.get(pg);
        return store == null ? new GroupStore() : store;
    }

    long shownBlockCount() {
        long count = 0;
        for (GroupStore store : shown.values()) {
            count += store.blockCount();
        }
        return count;
    }

    /** What a power cut could not take away: for invariants. */
    public Blocks onPlatter(PgId pg, BlockRange range) {
        GroupStore store = platter.get(pg);
        return (store == null ? new GroupStore() : store).read(range);
    }

    /** Whether nobody had some block of the range any more when it came here: for invariants. */
    public boolean isLost(PgId pg, BlockRange range) {
        GroupStore store = platter.get(pg);
        return store != null && store.isLost(range);
    }

    /** The damaged blocks of a group, by chunk, as shown: for invariants. */
    public Map<ChunkId, Set<Integer>> damaged(PgId pg) {
        return shown(pg).damaged();
    }

    /** Every chunk of a group with the digest of what is intact, as shown: for invariants. */
    public Map<ChunkId, Long> digests(PgId pg) {
        Map<ChunkId, Long> digests = new TreeMap<>();
        GroupStore store = shown(pg);
        for (ChunkId chunk : new ArrayList<>(store.firstChunks(Integer.MAX_VALUE))) {
            long digest = store.digest(chunk, false);
            if (digest != 0) {
                digests.put(chunk, digest);
            }
        }
        return digests;
    }
}
