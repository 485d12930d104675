package io.ashlar.node.api;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** This node's own digests of a group's chunks, so that replicas can be compared. */
final class DigestHandler {
    private static final int CHUNKS_MAX = 4096;
    private static final int TIMEOUT_SECONDS = 60;

    private final LocalNode local;

    DigestHandler(LocalNode local) {
        this.local = local;
    }

    ApiViews.Digests digests(String group, ApiRequest request) {
        PgId pg = parseGroup(group);
        String after = request.query("after");
        int limit = request.query("limit", 1, CHUNKS_MAX, CHUNKS_MAX);
        Optional<ChunkId> from = after == null ? Optional.empty() : Optional.of(parseChunk(after));
        List<ApiViews.ChunkDigest> digests = new ArrayList<>();
        ChunkId last = null;
        for (ChunkDevice device :
                local.devices().stream().flatMap(d -> d.device().stream()).toList()) {
            List<ChunkId> chunks =
                    await(done -> device.chunks(pg, from, limit, Runnable::run, done::complete));
            for (ChunkId chunk : chunks) {
                long digest =
                        await(done -> device.digest(pg, chunk, Runnable::run, done::complete));
                if (digest != 0) {
                    digests.add(
                            new ApiViews.ChunkDigest(
                                    chunk.toString(), String.format("%016x", digest)));
                }
            }
            // A group lies on one device of a node, so one device at most has chunks of it.
            last = chunks.size() == limit ? chunks.getLast() : last;
        }
        return new ApiViews.Digests(
                local.self().node().value(), pg.toString(), digests, next(last));
    }

    private static @Nullable String next(@Nullable ChunkId last) {
        return last == null ? null : last.toString();
    }

    private interface Start<T> {
        void with(CompletableFuture<T> done);
    }

    private static <T> T await(Start<T> start) {
        var done = new CompletableFuture<T>();
        start.with(done);
        try {
            return done.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw slow();
        } catch (TimeoutException e) {
            throw slow();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static ApiException slow() {
        return new ApiException(
                503, "slow_device", "the device does not answer", "look at the node's log");
    }

    private static PgId parseGroup(String text) {
        String[] parts = text.split("\\.", -1);
        try {
            if (parts.length == 2) {
                return new PgId(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
            }
        } catch (IllegalArgumentException e) {
            // answered below
        }
        throw ApiException.invalid(
                "'" + text + "' is no placement group", "write POOL.INDEX, for example 1.0");
    }

    private static ChunkId parseChunk(String text) {
        String[] parts = text.split("/", -1);
        try {
            if (parts.length == 3 && parts[0].startsWith("vol")) {
                return new ChunkId(
                        new VolumeId(Long.parseLong(parts[0].substring(3))),
                        Long.parseLong(parts[1]),
                        Long.parseLong(parts[2]));
            }
        } catch (IllegalArgumentException e) {
            // answered below
        }
        throw ApiException.invalid(
                "'" + text + "' is no chunk", "repeat what 'next' said, for example vol1/1/0");
    }
}
