package io.ashlar.simulation.world;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.GroupContents;
import io.ashlar.chunkstore.Inspection;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.common.BlockRange;
import io.ashlar.common.Check;
import io.ashlar.common.ChunkId;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a device holds of one placement group, as it is at one instant. */
final class GroupStore {
    /** A block that is lost is damaged too; its data is of no meaning. */
    private record Block(Payload data, int checksum, boolean damaged, boolean lost) {}

    private static final Block LOST =
            new Block(Payload.zeros(Sizes.BLOCK_BYTES), Crc32c.OF_ZERO_BLOCK, true, true);

    private final NavigableMap<ChunkId, NavigableMap<Integer, Block>> chunks = new TreeMap<>();
    private List<LogEntry> log = new ArrayList<>();
    private long committed;
    private Payload state = Payload.EMPTY;

    GroupStore copy() {
        GroupStore copy = new GroupStore();
        chunks.forEach((id, blocks) -> copy.chunks.put(id, new TreeMap<>(blocks)));
        copy.log = new ArrayList<>(log);
        copy.committed = committed;
        copy.state = state;
        return copy;
    }

    void apply(StoreOp op) {
        switch (op) {
            case StoreOp.Append append -> {
                log.add(append.entry());
                BlockRange range = append.entry().range();
                if (append.entry().kind() == LogEntry.Kind.TRIM) {
                    trim(range);
                } else {
                    put(range, append.blocks());
                }
            }
            case StoreOp.Copy copy -> put(copy.range(), copy.blocks());
            case StoreOp.Lose lose -> {
                for (int i = lose.range().first(); i < lose.range().end(); i++) {
                    chunks.computeIfAbsent(lose.range().chunk(), _ -> new TreeMap<>()).put(i, LOST);
                }
            }
            case StoreOp.Committed noted -> committed = noted.sequence();
            case StoreOp.ReplaceLog replace -> log = new ArrayList<>(replace.entries());
            case StoreOp.TrimLog trim ->
                    log.removeIf(entry -> entry.sequence() <= trim.throughSequence());
            case StoreOp.PutState put -> state = put.state();
            case StoreOp.DropGroup _ -> {
                chunks.clear();
                log.clear();
                committed = 0;
                state = Payload.EMPTY;
            }
        }
    }

    /** Takes the entry with only so many of its blocks. */
    void applyTorn(StoreOp.Append append, int blocks) {
        log.add(append.entry());
        BlockRange range = append.entry().range();
        if (append.entry().kind() == LogEntry.Kind.WRITE && blocks > 0) {
            Payload data = append.blocks().data().slice(0, blocks * Sizes.BLOCK_BYTES);
            put(new BlockRange(range.chunk(), range.first(), blocks), Blocks.checksummed(data));
        }
    }

    private void trim(BlockRange range) {
        NavigableMap<Integer, Block> blocks = chunks.get(range.chunk());
        if (blocks != null) {
            blocks.subMap(range.first(), range.end()).clear();
            if (blocks.isEmpty()) {
                chunks.remove(range.chunk());
            }
        }
    }

    private void put(BlockRange range, Blocks contents) {
        Check.invariant(
                contents.count() == range.count(), "%s with %s blocks", range, contents.count());
        Check.invariant(
                contents.firstMismatch() < 0, "a store was given damaged blocks for %s", range);
        for (int i = 0; i < range.count(); i++) {
            if (contents.checksums()[i] == Crc32c.OF_ZERO_BLOCK) {
                trim(new BlockRange(range.chunk(), range.first() + i, 1));
            } else {
                Payload data = contents.data().slice(i * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
                chunks.computeIfAbsent(range.chunk(), _ -> new TreeMap<>())
                        .put(
                                range.first() + i,
                                new Block(data, contents.checksums()[i], false, false));
            }
        }
    }

    /** Number of the first damaged block of the range, or -1. */
    int firstDamaged(BlockRange range) {
        NavigableMap<Integer, Block> blocks = chunks.get(range.chunk());
        if (blocks != null) {
            for (var entry : blocks.subMap(range.first(), range.end()).entrySet()) {
                if (entry.getValue().damaged()) {
                    return entry.getKey();
                }
            }
        }
        return -1;
    }

    boolean isLost(BlockRange range) {
        NavigableMap<Integer, Block> blocks = chunks.get(range.chunk());
        return blocks != null
                && blocks.subMap(range.first(), range.end()).values().stream()
                        .anyMatch(Block::lost);
    }

    Inspection inspect(BlockRange range) {
        int[] checksums = read(range).checksums();
        BitSet damaged = new BitSet();
        NavigableMap<Integer, Block> blocks = chunks.get(range.chunk());
        if (blocks != null) {
            blocks.subMap(range.first(), range.end())
                    .forEach((number, block) ->
                            damaged.set(number - range.first(), block.damaged()));
        }
        return new Inspection(checksums, damaged);
    }

    /** The blocks that are damaged, by chunk. */
    Map<ChunkId, Set<Integer>> damaged() {
        Map<ChunkId, Set<Integer>> damaged = new TreeMap<>();
        chunks.forEach((chunk, blocks) ->
                blocks.forEach((number, block) -> {
                    if (block.damaged()) {
                        damaged.computeIfAbsent(chunk, _ -> new TreeSet<>()).add(number);
                    }
                }));
        return damaged;
    }

    Blocks read(BlockRange range) {
        byte[] data = new byte[range.count() * Sizes.BLOCK_BYTES];
        int[] checksums = new int[range.count()];
        java.util.Arrays.fill(checksums, Crc32c.OF_ZERO_BLOCK);
        NavigableMap<Integer, Block> blocks = chunks.get(range.chunk());
        if (blocks != null) {
            blocks.subMap(range.first(), range.end())
                    .forEach((number, block) -> {
                        int at = number - range.first();
                        block.data().copyTo(0, data, at * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
                        checksums[at] = block.checksum();
                    });
        }
        return new Blocks(Payload.of(data), checksums);
    }

    /** What a reader gets that compares no checksums: damaged blocks, with checksums to match. */
    Blocks readUnverified(BlockRange range) {
        Blocks whole = read(range);
        int damaged = firstDamaged(range);
        if (damaged < 0) {
            return whole;
        }
        byte[] data = whole.data().toByteArray();
        data[(damaged - range.first()) * Sizes.BLOCK_BYTES] ^= 1;
        return Blocks.checksummed(Payload.of(data));
    }

    /** Damages one block that is there, so that its checksum no longer matches; tells which. */
    String damage(SimRandom random) {
        if (chunks.isEmpty()) {
            return "nothing";
        }
        ChunkId chunk = random.pick(List.copyOf(chunks.keySet()));
        NavigableMap<Integer, Block> blocks =
                java.util.Objects.requireNonNull(chunks.get(chunk), "a chunk of the list");
        int number = random.pick(List.copyOf(blocks.keySet()));
        blocks.computeIfPresent(
                number,
                (_, block) -> new Block(block.data(), block.checksum(), true, block.lost()));
        return chunk + "[" + number + "]";
    }

    List<ChunkId> chunksAfter(ChunkId after, int max) {
        return chunks.tailMap(after, false).keySet().stream().limit(max).toList();
    }

    List<ChunkId> firstChunks(int max) {
        return chunks.keySet().stream().limit(max).toList();
    }

    /**
     * Of what is intact and, for a device's answer, of what is damaged in a way of its own.
     *
     * @param damagedToo false for the comparison of intact contents
     */
    long digest(ChunkId chunk, boolean damagedToo) {
        NavigableMap<Integer, Block> blocks = chunks.get(chunk);
        long digest = 0;
        if (blocks != null) {
            for (var entry : blocks.entrySet()) {
                long mixed = entry.getKey() * 0x9E3779B97F4A7C15L ^ entry.getValue().checksum();
                mixed = (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
                if (!entry.getValue().damaged()) {
                    digest += mixed ^ (mixed >>> 32);
                } else if (damagedToo) {
                    digest += ~mixed ^ (mixed >>> 32);
                }
            }
        }
        return digest;
    }

    GroupContents contents() {
        return new GroupContents(List.copyOf(log), committed, state);
    }

    boolean isEmpty() {
        return chunks.isEmpty() && log.isEmpty() && state.length() == 0;
    }

    long blockCount() {
        long count = 0;
        for (NavigableMap<Integer, Block> blocks : chunks.values()) {
            count += blocks.size();
        }
        return count;
    }
}
