package io.ashlar.simulation.workload;

import io.ashlar.common.BlockRange;
import io.ashlar.common.Check;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimShard;
import io.ashlar.simulation.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The owner's part of one process, driving the groups directly: it fences every group with its
 * access epoch, and then keeps a few clients reading and writing. Writes that overlap are issued
 * one after the other, as rule 9 of DESIGN section 6 wants.
 */
public final class SimulatedOwner {
    /**
     * What its clients do.
     *
     * @param regions all that is written and read
     * @param clients requests in flight per volume, at most
     * @param thinkNanosMin shortest pause of a client
     * @param thinkNanosMax longest pause of a client
     * @param writeShare of the requests, 0 to 1
     * @param patienceNanos after one to four times that long a host aborts or takes another path
     * @param overlapShare how often a host does not mind that it has another request there
     * @param compareShare of a host's writes of one sector, how many compare first
     * @param orShare of a host's writes, how many set bits of what is there
     */
    public record Settings(
            List<Region> regions,
            int clients,
            long thinkNanosMin,
            long thinkNanosMax,
            double writeShare,
            long patienceNanos,
            double overlapShare,
            double compareShare,
            double orShare) {
        /** One region, or two that lie side by side. */
        List<Region> someRegions(List<Region> from, SimRandom random) {
            int index = random.nextInt(from.size());
            Region one = from.get(index);
            if (index + 1 < from.size() && random.chance(0.4)) {
                Region next = from.get(index + 1);
                if (one.isFollowedBy(next)) {
                    return List.of(one, next);
                }
            }
            return List.of(one);
        }
    }

    private static final long FENCE_RETRY_NANOS = 100 * SimWorld.MILLI;

    private final SimProcess process;
    private final SimShard shard;
    private final BlockGroups groups;
    private final Ledger ledger;
    private final Settings settings;
    private final SimRandom random;
    private final Map<VolumeId, Tenure> tenures = new TreeMap<>();
    private boolean working = true;

    public SimulatedOwner(
            SimProcess process,
            MetadataClient metadata,
            BlockGroups groups,
            Ledger ledger,
            Settings settings) {
        this.process = process;
        this.shard = process.shard("owner");
        this.groups = groups;
        this.ledger = ledger;
        this.settings = settings;
        this.random = process.random().split();
        metadata.watch(shard, this::onState);
    }

    /** The clients issue nothing new. */
    public void stopWork() {
        working = false;
    }

    /** The clients go on. */
    public void startWork() {
        working = true;
    }

    /** Requests that are not yet answered. */
    public int inFlight() {
        int count = 0;
        for (Tenure tenure : tenures.values()) {
            count += tenure.inFlight;
        }
        return count;
    }

    /** Whether it owns the volume and every group has its epoch. */
    public boolean isReady(VolumeId volume) {
        Tenure tenure = tenures.get(volume);
        return tenure != null && tenure.ready;
    }

    /** Reads every region of a volume once. */
    public void readEverything(VolumeId volume, Runnable done) {
        shard.execute(() -> {
            Tenure tenure = tenures.get(volume);
            if (tenure == null) {
                throw new IllegalStateException(process + " does not own " + volume);
            }
            List<Region> all =
                    settings.regions.stream().filter(r -> r.volume().equals(volume)).toList();
            int[] left = {all.size()};
            for (Region region : all) {
                tenure.read(
                        List.of(region),
                        () -> {
                            if (--left[0] == 0) {
                                done.run();
                            }
                        });
            }
        });
    }

    private void onState(ControlState state) {
        for (VolumeRecord record : state.volumes().values()) {
            Tenure present = tenures.get(record.id());
            boolean mine = record.owner().equals(process.id());
            if (present != null && (!mine || record.accessEpoch() != present.accessEpoch)) {
                present.end();
                tenures.remove(record.id());
                present = null;
            }
            if (present != null) {
                present.bytes = record.bytes();
            }
            Pool pool = state.pools().get(record.pool());
            if (mine && present == null && pool != null) {
                Tenure tenure = new Tenure(record, pool);
                tenures.put(record.id(), tenure);
                tenure.begin();
            }
        }
    }

    /** One access epoch of one volume at this process. */
    private final class Tenure {
        final VolumeRecord record;

        /** The size, as this process's view has it. */
        long bytes;

        final Pool pool;
        final long accessEpoch;
        final List<Region> regions = new ArrayList<>();
        final List<Region> writing = new ArrayList<>();

        /** What its regions hold, where it knows. */
        final Map<String, Long> known = new TreeMap<>();

        final List<Shard.Cancellable> submitted = new ArrayList<>();
        int fencesLeft;
        int inFlight;
        boolean ready;
        boolean ended;

        Tenure(VolumeRecord record, Pool pool) {
            this.record = record;
            this.bytes = record.bytes();
            this.pool = pool;
            this.accessEpoch = record.accessEpoch();
            for (Region region : settings.regions) {
                if (region.volume().equals(record.id())) {
                    regions.add(region);
                }
            }
        }

        void begin() {
            trace("begins, fences %d groups", pool.pgCount());
            fencesLeft = pool.pgCount();
            for (int i = 0; i < pool.pgCount(); i++) {
                fence(new PgId(pool.id(), i));
            }
        }

        void trace(String format, @Nullable Object... arguments) {
            if (process.world().isTracing()) {
                process.world()
                        .trace(
                                "owner %s of %s at %d: %s",
                                process,
                                record.id(),
                                accessEpoch,
                                String.format(format, arguments));
            }
        }

        void end() {
            trace("ends");
            ended = true;
            ready = false;
            submitted.forEach(Shard.Cancellable::cancel);
            submitted.clear();
            inFlight = 0;
        }

        void submit(PgRequest request, java.util.function.Consumer<PgReply> done) {
            Shard.Cancellable[] handle = new Shard.Cancellable[1];
            handle[0] =
                    groups.submit(
                            request,
                            shard,
                            reply -> {
                                Check.invariant(shard.isCurrent(), "a reply came on another shard");
                                submitted.remove(handle[0]);
                                if (!ended) {
                                    done.accept(reply);
                                }
                            });
            submitted.add(handle[0]);
        }

        void fence(PgId pg) {
            submit(
                    new PgRequest.Fence(pg, record.id(), accessEpoch),
                    reply -> {
                        switch (reply) {
                            case PgReply.Installed _ -> {
                                ledger.installed(record.id(), pg, accessEpoch);
                                trace("%s is fenced", pg);
                                if (--fencesLeft == 0) {
                                    ready = true;
                                    for (int i = 0; i < settings.clients; i++) {
                                        think();
                                    }
                                }
                            }
                            case PgReply.Fenced fenced -> trace("is deposed by %s", fenced);
                            default ->
                                    shard.schedule(
                                            FENCE_RETRY_NANOS,
                                            () -> {
                                                if (!ended) {
                                                    fence(pg);
                                                }
                                            });
                        }
                    });
        }

        void think() {
            shard.schedule(
                    random.skewed(settings.thinkNanosMin, settings.thinkNanosMax), this::work);
        }

        void work() {
            if (ended || regions.isEmpty()) { // only rivals want it, who are hosts
                return;
            }
            if (!working) {
                think();
                return;
            }
            List<Region> parts = settings.someRegions(regions, random);
            Region last = parts.getLast();
            if (last.chunk() * record.chunkBytes() + last.end() > bytes) {
                think();
                return;
            }
            if (!random.chance(settings.writeShare)) {
                read(parts, this::think);
                return;
            }
            for (Region part : parts) {
                if (writing.contains(part)) {
                    think();
                    return;
                }
            }
            if (settings.orShare > 0 && random.chance(settings.orShare)) {
                setBits(parts.getFirst());
            } else if (parts.getFirst().trimmable() && random.chance(0.4)) {
                trim(parts.getFirst());
            } else {
                write(parts);
            }
        }

        private void write(List<Region> parts) {
            long value = ledger.newValue();
            int length = parts.getLast().end() - parts.getFirst().offset();
            ByteBuffer buffer = ByteBuffer.allocate(length);
            parts.forEach(part -> part.fill(buffer, value));
            Payload data = Payload.of(buffer.array());
            Region first = parts.getFirst();
            PgId pg = record.placementGroup(first.chunk(), pool);
            Ledger.Request request = ledger.begin(pg, accessEpoch, parts, true, value, note());
            parts.forEach(part -> known.remove(part.register()));
            writing.addAll(parts);
            inFlight++;
            trace("writes %d to %s in %s", value, parts, pg);
            submit(
                    new PgRequest.Write(
                            pg,
                            accessEpoch,
                            record.chunk(first.chunk()),
                            first.offset(),
                            data,
                            Region.checksums(first.offset(), data)),
                    reply -> written(request, parts, reply));
        }

        /** ORWRITE: the next bit of what it knows to be there, so that one value only is right. */
        private void setBits(Region part) {
            Long holds = known.get(part.register());
            long bits = holds == null ? 0 : Region.nextBit(holds);
            if (holds == null || bits == 0 || part.trimmable()) {
                write(List.of(part));
                return;
            }
            ByteBuffer buffer = ByteBuffer.allocate(part.length());
            part.fill(buffer, bits);
            Payload data = Payload.of(buffer.array());
            PgId pg = record.placementGroup(part.chunk(), pool);
            Ledger.Request request =
                    ledger.begin(pg, accessEpoch, List.of(part), true, holds | bits, note());
            known.remove(part.register());
            writing.add(part);
            inFlight++;
            trace("sets %d of %d in %s in %s", bits, holds, part, pg);
            submit(
                    new PgRequest.OrWrite(
                            pg,
                            accessEpoch,
                            record.chunk(part.chunk()),
                            part.offset(),
                            data,
                            Region.checksums(part.offset(), data)),
                    reply -> written(request, List.of(part), reply));
        }

        private void trim(Region part) {
            PgId pg = record.placementGroup(part.chunk(), pool);
            Ledger.Request request = ledger.begin(pg, accessEpoch, List.of(part), true, 0, note());
            writing.add(part);
            inFlight++;
            trace("trims %s in %s", part, pg);
            submit(
                    new PgRequest.Trim(
                            pg,
                            accessEpoch,
                            new BlockRange(
                                    record.chunk(part.chunk()),
                                    part.offset() / Sizes.BLOCK_BYTES,
                                    part.length() / Sizes.BLOCK_BYTES)),
                    reply -> written(request, List.of(part), reply));
        }

        private String note() {
            return process + " epoch " + accessEpoch;
        }

        private void written(Ledger.Request request, List<Region> parts, PgReply reply) {
            trace("%s -> %s", request.operations(), reply);
            inFlight--;
            parts.forEach(writing::remove);
            switch (reply) {
                case PgReply.Done _ -> {
                    ledger.writeDone(request, parts);
                    request.operations()
                            .forEach(write -> known.put(write.register(), write.value()));
                }
                case PgReply.OutOfSpace _ -> {
                    if (!process.world().spaceWasShort()) {
                        throw new Violation("space", parts + " refused by disks with room");
                    }
                    ledger.refused(request);
                }
                case PgReply.Busy _, PgReply.Fenced _, PgReply.Unrecovered _ ->
                        ledger.decidedUnknown(request);
                case PgReply.Installed installed ->
                        throw new Violation("reply", parts + ": " + installed);
                case PgReply.Refused refused ->
                        throw new Violation("refused", parts + ": " + refused.reason());
            }
            think();
        }

        void read(List<Region> parts, Runnable then) {
            Region first = parts.getFirst();
            PgId pg = record.placementGroup(first.chunk(), pool);
            int length = parts.getLast().end() - first.offset();
            Ledger.Request request = ledger.begin(pg, accessEpoch, parts, false, 0, note());
            inFlight++;
            trace("reads %s in %s", parts, pg);
            submit(
                    new PgRequest.Read(
                            pg, accessEpoch, record.chunk(first.chunk()), first.offset(), length),
                    reply -> {
                        inFlight--;
                        if (reply instanceof PgReply.Done done) {
                            ledger.readDone(request, values(parts, length, done));
                        } else if (reply instanceof PgReply.Refused refused) {
                            throw new Violation("refused", parts + ": " + refused.reason());
                        } else {
                            ledger.decidedUnknown(request);
                        }
                        trace("%s -> %s", request.operations(), reply);
                        then.run();
                    });
        }

        private List<Long> values(List<Region> parts, int length, PgReply.Done done) {
            Region first = parts.getFirst();
            Payload data = done.data();
            if (data.length() != length
                    || !java.util.Arrays.equals(
                            done.checksums(), Region.checksums(first.offset(), data))) {
                throw new Violation(
                        "checksum", parts + ": data does not match its length or checksums");
            }
            List<Long> values = new ArrayList<>();
            for (Region part : parts) {
                values.add(part.value(data, part.offset() - first.offset()));
            }
            return values;
        }
    }
}
