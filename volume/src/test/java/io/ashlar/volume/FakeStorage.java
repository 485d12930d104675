package io.ashlar.volume;

import io.ashlar.common.ChunkId;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * All placement groups: contents in memory, the access epoch fence of their primaries, and a delay
 * before each request is applied. A request that its owner gave up is applied all the same.
 */
final class FakeStorage {
    private final FakeWorld world;
    private final SortedMap<PgId, SortedMap<VolumeId, Long>> epochs = new TreeMap<>();
    private final SortedMap<ChunkId, byte[]> chunks = new TreeMap<>();

    /** Requests in the order in which they were applied. */
    final List<PgRequest> applied = new ArrayList<>();

    /** Delay of a request; tests make it random. */
    Function<PgRequest, Long> delay = _ -> FakeWorld.MILLI / 10;

    /** Given before a request is applied; null lets it through. */
    Function<PgRequest, PgReply> answer = _ -> null;

    /** Sees each write as it is applied. */
    java.util.function.Consumer<PgRequest.Write> onWrite = _ -> {};

    /** Sees each request as an owner issues it. */
    java.util.function.Consumer<PgRequest> onSubmit = _ -> {};

    FakeStorage(FakeWorld world) {
        this.world = world;
    }

    BlockGroups groups() {
        return this::submit;
    }

    /** A new primary without memory; it takes the epoch that stands in the log. */
    void failOver(PgId pg) {
        SortedMap<VolumeId, Long> known = epochs.computeIfAbsent(pg, _ -> new TreeMap<>());
        known.clear();
        world.newest()
                .volumes()
                .values()
                .forEach(volume -> known.put(volume.id(), volume.accessEpoch()));
    }

    private Shard.Cancellable submit(
            PgRequest request, Shard shard, java.util.function.Consumer<PgReply> done) {
        boolean[] cancelled = new boolean[1];
        onSubmit.accept(request);
        world.at(
                delay.apply(request),
                () -> {
                    PgReply reply = apply(request);
                    shard.execute(() -> {
                        if (!cancelled[0]) {
                            done.accept(reply);
                        }
                    });
                });
        return () -> cancelled[0] = true;
    }

    private PgReply apply(PgRequest request) {
        SortedMap<VolumeId, Long> known =
                epochs.computeIfAbsent(request.pg(), _ -> new TreeMap<>());
        long epoch = known.getOrDefault(request.volume(), 0L);
        if (request.accessEpoch() < epoch) {
            return new PgReply.Fenced(epoch);
        }
        known.put(request.volume(), request.accessEpoch());
        PgReply given = answer.apply(request);
        if (given != null) {
            return given;
        }
        applied.add(request);
        return switch (request) {
            case PgRequest.Fence fence ->
                    new PgReply.Installed(
                            world.node(1 + fence.pg().index() % world.nodes.size()).self, 7);
            case PgRequest.Write write -> {
                checkSums(write.offset(), write.data(), write.checksums());
                onWrite.accept(write);
                write.data().copyTo(0, chunk(write.chunk()), write.offset(), write.data().length());
                yield PgReply.DONE;
            }
            case PgRequest.OrWrite or -> {
                checkSums(or.offset(), or.data(), or.checksums());
                byte[] chunk = chunk(or.chunk());
                byte[] bits = or.data().toByteArray();
                for (int i = 0; i < bits.length; i++) {
                    chunk[or.offset() + i] |= bits[i];
                }
                yield PgReply.DONE;
            }
            case PgRequest.Read read -> {
                byte[] bytes =
                        Arrays.copyOfRange(
                                chunk(read.chunk()), read.offset(), read.offset() + read.length());
                Payload data = Payload.of(bytes);
                yield new PgReply.Done(data, sums(read.offset(), data));
            }
            case PgRequest.CompareAndWrite compare -> {
                byte[] chunk = chunk(compare.chunk());
                int at = compare.mark().offset();
                byte[] found = Arrays.copyOfRange(chunk, at, at + compare.mark().length());
                if (!Arrays.equals(found, compare.compared().toByteArray())) {
                    yield new PgReply.Done(
                            Payload.of(found), new int[] {Crc32c.of(found, 0, found.length)});
                }
                compare.data().copyTo(0, chunk, at, found.length);
                yield PgReply.DONE;
            }
            case PgRequest.Settle _ -> PgReply.DONE;
            case PgRequest.Trim trim -> {
                Arrays.fill(
                        chunk(trim.range().chunk()),
                        trim.range().first() * Sizes.BLOCK_BYTES,
                        trim.range().end() * Sizes.BLOCK_BYTES,
                        (byte) 0);
                yield PgReply.DONE;
            }
        };
    }

    byte[] chunk(ChunkId id) {
        return chunks.computeIfAbsent(id, _ -> new byte[FakeLog.CHUNK_BYTES]);
    }

    private static void checkSums(int offset, Payload data, int[] sums) {
        if (!Arrays.equals(sums, sums(offset, data))) {
            throw new AssertionError("checksums do not match");
        }
    }

    /** Written anew here: the code under test has its own. */
    private static int[] sums(int offset, Payload data) {
        List<Integer> sums = new ArrayList<>();
        int at = 0;
        while (at < data.length()) {
            int end =
                    Math.min(
                            data.length(),
                            ((offset + at) / Sizes.BLOCK_BYTES + 1) * Sizes.BLOCK_BYTES - offset);
            sums.add(Crc32c.of(data.array(), data.offset() + at, end - at));
            at = end;
        }
        return sums.stream().mapToInt(Integer::intValue).toArray();
    }
}
