package io.ashlar.chunkstore;

import static io.ashlar.chunkstore.TestDevice.config;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Sizes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any sequence of operations, restarts among them, gives what a plain model in memory gives. */
class PropertyTest {
    private static final int STEPS = 250;
    private static final int CHUNK_BLOCKS = 128;

    @TempDir Path directory;
    private final Map<PgId, Group> model = new TreeMap<>();

    private static final class Group {
        private final Map<ChunkId, TreeMap<Integer, Payload>> chunks = new TreeMap<>();
        private final TreeMap<Long, LogEntry> log = new TreeMap<>();
        private long committed;
        private Payload state = Payload.EMPTY;
        private long sequence;
        private long numbered;
        private boolean isKnown;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void agreesWithAModel(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        TestDevice device = TestDevice.formatted(directory);
        try {
            for (int step = 0; step < STEPS; step++) {
                PgId pg = new PgId(1, random.nextInt(3));
                List<StoreOp> ops = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    ops.add(randomOp(random, pg));
                }
                String where = "seed " + seed + " step " + step + " " + ops;
                assertThat(device.write(ops.toArray(StoreOp[]::new)))
                        .as(where)
                        .isEqualTo(WriteResult.DURABLE);
                ops.forEach(this::apply);
                verifyGroup(device, pg, random, where);
                if (random.nextInt(25) == 0) {
                    device.close();
                    device = new TestDevice(config(directory));
                    verifyAll(device, random, where + " after a restart");
                }
            }
        } finally {
            device.close();
        }
    }

    private StoreOp randomOp(RandomSource random, PgId pg) {
        Group group = model.computeIfAbsent(pg, _ -> new Group());
        BlockRange range = randomRange(random);
        long epoch = 1 + ++group.numbered / 60; // never falls, unlike the sequence

        return switch (random.nextInt(16)) {
            case 0, 1, 2, 3, 4, 5 -> {
                LogEntry entry =
                        new LogEntry(
                                epoch,
                                ++group.sequence,
                                LogEntry.Kind.WRITE,
                                range,
                                randomMarks(random));
                yield new StoreOp.Append(pg, entry, randomBlocks(random, range.count()));
            }
            case 6, 7 -> {
                LogEntry entry = new LogEntry(epoch, ++group.sequence, LogEntry.Kind.TRIM, range);
                yield new StoreOp.Append(pg, entry, Blocks.checksummed(Payload.EMPTY));
            }
            case 8, 9 -> new StoreOp.Copy(pg, range, randomBlocks(random, range.count()));
            case 10 -> new StoreOp.Committed(pg, group.sequence);
            case 11, 12 ->
                    new StoreOp.TrimLog(pg, Math.max(0, group.sequence - random.nextInt(10)));
            case 13 -> {
                List<LogEntry> entries = new ArrayList<>();
                group.sequence = Math.max(0, group.sequence - random.nextInt(5));
                for (int i = random.nextInt(5); i > 0; i--) {
                    long sequence = ++group.sequence;
                    entries.add(new LogEntry(epoch, sequence, LogEntry.Kind.WRITE, range));
                }
                yield new StoreOp.ReplaceLog(pg, entries);
            }
            case 14 -> new StoreOp.PutState(pg, Payload.of(new byte[1 + random.nextInt(2000)]));
            default ->
                    random.nextInt(4) == 0
                            ? new StoreOp.DropGroup(pg)
                            : new StoreOp.Committed(pg, group.sequence);
        };
    }

    /** Mostly none; sometimes as many as an entry can have. */
    private static List<CompareMark> randomMarks(RandomSource random) {
        int count = random.nextInt(4) > 0 ? 0 : random.nextInt(8) == 0 ? LogEntry.MARKS_MAX : 2;
        List<CompareMark> marks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            marks.add(new CompareMark(512 * i, 512, i, -i, 3, 4, 5));
        }
        return marks;
    }

    private static BlockRange randomRange(RandomSource random) {
        int first = random.nextInt(CHUNK_BLOCKS);
        int count =
                1 + random.nextInt(Math.min(CHUNK_BLOCKS - first, random.nextInt(8) < 6 ? 6 : 128));
        return new BlockRange(TestDevice.chunk(random.nextInt(3)), first, count);
    }

    private static Blocks randomBlocks(RandomSource random, int count) {
        byte[] bytes = TestDevice.blocks(count, random.nextLong()).data().toByteArray();
        for (int i = 0; i < count; i++) {
            if (random.nextInt(5) == 0) {
                int from = i * Sizes.BLOCK_BYTES;
                java.util.Arrays.fill(bytes, from, from + Sizes.BLOCK_BYTES, (byte) 0);
            }
        }
        return Blocks.checksummed(Payload.of(bytes));
    }

    private void apply(StoreOp op) {
        Group group = model.computeIfAbsent(op.pg(), _ -> new Group());
        switch (op) {
            case StoreOp.Append(_, var entry, var blocks) -> {
                group.log.put(entry.sequence(), entry);
                set(group, entry.range(), blocks);
            }
            case StoreOp.Copy(_, var range, var blocks) -> set(group, range, blocks);
            case StoreOp.Lose lose -> throw new AssertionError(lose + " is not drawn");
            case StoreOp.Committed(_, long sequence) -> {
                group.committed = sequence;
                group.isKnown = true;
            }
            case StoreOp.ReplaceLog(_, var entries) -> {
                group.log.clear();
                entries.forEach(entry -> group.log.put(entry.sequence(), entry));
            }
            case StoreOp.TrimLog(_, long through) -> group.log.headMap(through, true).clear();
            case StoreOp.PutState(_, var state) -> {
                group.state = state;
                group.isKnown = true;
            }
            case StoreOp.DropGroup _ -> {
                Group empty = new Group();
                empty.sequence = group.sequence;
                empty.numbered = group.numbered;
                model.put(op.pg(), empty);
            }
        }
    }

    /** Blocks of a trim are none: they become zeros, which is to be absent. */
    private static void set(Group group, BlockRange range, Blocks blocks) {
        var chunk = group.chunks.computeIfAbsent(range.chunk(), _ -> new TreeMap<>());
        for (int i = 0; i < range.count(); i++) {
            Payload block =
                    blocks.count() == 0
                            ? Payload.zeros(Sizes.BLOCK_BYTES)
                            : blocks.data().slice(i * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
            if (block.isZero()) {
                chunk.remove(range.first() + i);
            } else {
                chunk.put(range.first() + i, block);
            }
        }
        if (chunk.isEmpty()) {
            group.chunks.remove(range.chunk());
        }
    }

    private void verifyAll(TestDevice device, RandomSource random, String where) {
        Set<PgId> known = new HashSet<>();
        model.forEach((pg, group) -> {
            if (group.isKnown || !group.log.isEmpty() || !group.chunks.isEmpty()) {
                known.add(pg);
            }
        });
        assertThat(device.device.groups()).as(where).isEqualTo(known);
        for (PgId pg : model.keySet()) {
            verifyGroup(device, pg, random, where);
        }
    }

    private void verifyGroup(TestDevice device, PgId pg, RandomSource random, String where) {
        Group group = model.get(pg);
        assertThat(device.device.load(pg))
                .as(where)
                .isEqualTo(
                        new GroupContents(
                                List.copyOf(group.log.values()), group.committed, group.state));
        assertThat(device.chunks(pg, Optional.empty(), 10))
                .as(where)
                .isEqualTo(List.copyOf(new TreeSet<>(group.chunks.keySet())));
        BlockRange range = randomRange(random);
        for (BlockRange read : List.of(range, new BlockRange(range.chunk(), 0, CHUNK_BLOCKS))) {
            byte[] expected = new byte[read.count() * Sizes.BLOCK_BYTES];
            group.chunks
                    .getOrDefault(read.chunk(), new TreeMap<>())
                    .subMap(read.first(), read.end())
                    .forEach((block, data) ->
                            data.copyTo(
                                    0,
                                    expected,
                                    (block - read.first()) * Sizes.BLOCK_BYTES,
                                    Sizes.BLOCK_BYTES));
            ReadResult found = device.read(pg, read);
            assertThat(found).as(where).isInstanceOf(ReadResult.Ok.class);
            Blocks blocks = ((ReadResult.Ok) found).blocks();
            assertThat(blocks.data()).as(where + read).isEqualTo(Payload.of(expected));
            assertThat(blocks.firstMismatch()).as(where).isEqualTo(-1);
        }
    }
}
