package io.ashlar.iscsi;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Check;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Notice;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationCodec;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.HostConnection;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.PathState;
import io.ashlar.volume.Portal;
import io.ashlar.volume.Reset;
import io.ashlar.volume.VolumeInfo;
import io.ashlar.volume.VolumeService;
import io.ashlar.volume.wire.ToOwner;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Volumes in memory, seen by one or more nodes, with the rules of the API: callbacks come on the
 * association's shard and never from inside a call, a new association with the same id fences the
 * former, an aborted command that had not been admitted never takes effect. I/Os take effect one
 * turn after they were submitted, or after a delay.
 */
public final class RamVolumeService implements VolumeService {
    private static final int PAGE_BYTES = 16 * 1024;
    private static final NodeId NODE = new NodeId(1);

    /** Contents; absent pages are zeros. */
    private static final class Volume {
        private final VolumeInfo info;
        private final Map<Long, byte[]> pages = new HashMap<>();
        private ReservationTable reservations = ReservationTable.EMPTY;

        Volume(VolumeInfo info) {
            this.info = info;
        }

        synchronized byte[] read(long offset, int length) {
            byte[] data = new byte[length];
            each(
                    offset,
                    length,
                    (page, at, done, bytes) -> {
                        byte[] stored = pages.get(page);
                        if (stored != null) {
                            System.arraycopy(stored, at, data, done, bytes);
                        }
                    });
            return data;
        }

        synchronized void write(long offset, Payload data) {
            each(
                    offset,
                    data.length(),
                    (page, at, done, bytes) ->
                            data.copyTo(
                                    done,
                                    pages.computeIfAbsent(page, _ -> new byte[PAGE_BYTES]),
                                    at,
                                    bytes));
        }

        synchronized void zero(long offset, long length) {
            each(
                    offset,
                    length,
                    (page, at, _, bytes) -> {
                        byte[] stored = pages.get(page);
                        if (stored != null) {
                            java.util.Arrays.fill(stored, at, at + bytes, (byte) 0);
                        }
                    });
        }

        private interface Part {
            void visit(long page, int at, int done, int bytes);
        }

        private static void each(long offset, long length, Part part) {
            long done = 0;
            while (done < length) {
                long position = offset + done;
                int at = (int) (position % PAGE_BYTES);
                int bytes = (int) Math.min(PAGE_BYTES - at, length - done);
                part.visit(position / PAGE_BYTES, at, (int) done, bytes);
                done += bytes;
            }
        }
    }

    private final UUID clusterId = new UUID(0x0A51_1A0F_0000_4000L, 0x8000_0000_0000_0001L);
    private final TreeMap<Integer, Volume> volumes = new TreeMap<>();
    private final Map<AssociationId, RamAssociation> associations = new HashMap<>();
    private final Map<String, ChapSecrets> chap = new ConcurrentHashMap<>();
    private final AtomicLong associationCount = new AtomicLong();
    private final AtomicLong changes = new AtomicLong();
    private volatile boolean ready = true;
    private boolean explicitAlua;
    private volatile long delayNanos;
    private volatile List<Portal> portals = List.of(new Portal(NODE, "127.0.0.1", 3260));

    public synchronized RamVolumeService with(
            int lun, long bytes, int blockBytes, boolean readOnly) {
        VolumeId id = new VolumeId(lun + 1L);
        volumes.put(
                lun,
                new Volume(
                        new VolumeInfo(
                                id,
                                "ram" + lun,
                                bytes,
                                blockBytes,
                                new UUID(clusterId.getMostSignificantBits(), id.value()),
                                readOnly,
                                explicitAlua,
                                1 << 20)));
        return this;
    }

    /** Whether hosts may choose the owners of volumes that are added from now on. */
    public RamVolumeService explicitAlua(boolean isExplicit) {
        explicitAlua = isExplicit;
        return this;
    }

    public void ready(boolean isReady) {
        ready = isReady;
    }

    /** How long I/Os take from now on. */
    public void delayNanos(long nanos) {
        delayNanos = nanos;
    }

    public void portals(List<Portal> all) {
        portals = all;
    }

    /** Every listener that is alive, on its own shard. */
    public synchronized void tellAll(Consumer<AssociationListener> event) {
        for (RamAssociation each : new ArrayList<>(associations.values())) {
            each.shard.execute(() -> event.accept(each.listener));
        }
    }

    /** The same volumes by way of another node. */
    public VolumeService by(NodeId node) {
        RamVolumeService all = this;
        return new VolumeService() {
            @Override
            public boolean isReady() {
                return all.isReady();
            }

            @Override
            public UUID clusterId() {
                return all.clusterId();
            }

            @Override
            public NodeId localNode() {
                return node;
            }

            @Override
            public List<Portal> portals() {
                return all.portals();
            }

            @Override
            public Optional<ChapSecrets> chap(String host) {
                return all.chap(host);
            }

            @Override
            public SortedMap<Integer, VolumeInfo> volumes(String host) {
                return all.volumes(host);
            }

            @Override
            public SortedMap<NodeId, PathState> paths(VolumeId volume) {
                return all.paths(volume);
            }

            @Override
            public void associate(
                    AssociationId id,
                    AssociationListener listener,
                    Shard shard,
                    Consumer<Association> done) {
                all.associate(id, listener, shard, done);
            }
        };
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public UUID clusterId() {
        return clusterId;
    }

    @Override
    public NodeId localNode() {
        return NODE;
    }

    @Override
    public List<Portal> portals() {
        return portals;
    }

    /** What a host must log in with from now on. */
    public void chap(String host, ChapSecrets secrets) {
        chap.put(host, secrets);
    }

    @Override
    public Optional<ChapSecrets> chap(String host) {
        return Optional.ofNullable(chap.get(host));
    }

    @Override
    public synchronized SortedMap<Integer, VolumeInfo> volumes(String host) {
        TreeMap<Integer, VolumeInfo> infos = new TreeMap<>();
        volumes.forEach((lun, volume) -> infos.put(lun, volume.info));
        return infos;
    }

    @Override
    public SortedMap<NodeId, PathState> paths(VolumeId volume) {
        TreeMap<NodeId, PathState> paths = new TreeMap<>();
        if (find(volume) != null) {
            paths.put(NODE, PathState.OPTIMIZED);
            paths.put(new NodeId(2), PathState.NON_OPTIMIZED);
        }
        return paths;
    }

    /** Whether there are no associations. */
    public synchronized boolean isUnused() {
        return associations.isEmpty();
    }

    /** How often contents or reservations may have changed, ever. */
    public long changes() {
        return changes.get();
    }

    private synchronized Volume find(VolumeId id) {
        for (Volume volume : volumes.values()) {
            if (volume.info.id().equals(id)) {
                return volume;
            }
        }
        return null;
    }

    @Override
    public void associate(
            AssociationId id,
            AssociationListener listener,
            Shard shard,
            Consumer<Association> done) {
        checkLength(id.host(), ToOwner.HOST_BYTES_MAX);
        checkLength(id.initiatorPort(), ReservationCodec.PORT_BYTES_MAX);
        RamAssociation association = new RamAssociation(id, listener, shard);
        RamAssociation former;
        synchronized (this) {
            former = associations.put(id, association);
        }
        Runnable established = () -> shard.execute(() -> done.accept(association));
        if (former == null) {
            established.run();
        } else {
            former.shard.execute(() -> former.fence(established));
        }
    }

    /** What is longer could not be sent to the owner. */
    private static void checkLength(String name, int bytesMax) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        Check.argument(bytes <= bytesMax, "name of %s bytes, limit %s", bytes, bytesMax);
    }

    private synchronized void leave(RamAssociation association) {
        associations.remove(association.id, association);
    }

    private IoResult apply(IoRequest request) {
        Volume volume = find(request.volume());
        if (volume == null) {
            return new IoResult.Failed(IoError.NO_SUCH_VOLUME);
        }
        return switch (request) {
            case IoRequest.Read(_, long offset, int length) ->
                    isOutside(volume, offset, length)
                            ? new IoResult.Failed(IoError.OUT_OF_RANGE)
                            : new IoResult.Done(Payload.of(volume.read(offset, length)));
            case IoRequest.Write(_, long offset, Payload data, _) -> {
                IoError error = refusal(volume, offset, data.length());
                if (error != null) {
                    yield new IoResult.Failed(error);
                }
                changes.incrementAndGet();
                volume.write(offset, data);
                yield IoResult.DONE;
            }
            case IoRequest.OrWrite(_, long offset, Payload bits) -> {
                IoError error = refusal(volume, offset, bits.length());
                if (error != null) {
                    yield new IoResult.Failed(error);
                }
                changes.incrementAndGet();
                byte[] merged = volume.read(offset, bits.length());
                for (int i = 0; i < merged.length; i++) {
                    merged[i] |= bits.array()[bits.offset() + i];
                }
                volume.write(offset, Payload.of(merged));
                yield IoResult.DONE;
            }
            case IoRequest.CompareAndWrite(_, long offset, Payload compared, Payload data) -> {
                IoError error = refusal(volume, offset, data.length());
                if (error != null) {
                    yield new IoResult.Failed(error);
                }
                int at =
                        java.util.Arrays.mismatch(
                                volume.read(offset, data.length()), compared.toByteArray());
                if (at >= 0) {
                    yield new IoResult.Miscompared(at);
                }
                changes.incrementAndGet();
                volume.write(offset, data);
                yield IoResult.DONE;
            }
            case IoRequest.Settle _ -> IoResult.DONE;
            case IoRequest.Zero(_, long offset, long length, _) -> {
                IoError error = refusal(volume, offset, length);
                if (error != null) {
                    yield new IoResult.Failed(error);
                }
                changes.incrementAndGet();
                volume.zero(offset, length);
                yield IoResult.DONE;
            }
            case IoRequest.Flush _, IoRequest.ChangeReservations _ -> IoResult.DONE;
        };
    }

    private static boolean isOutside(Volume volume, long offset, long length) {
        long bytes = volume.info.bytes();
        return offset < 0 || length < 0 || offset > bytes || length > bytes - offset;
    }

    private static IoError refusal(Volume volume, long offset, long length) {
        if (volume.info.readOnly()) {
            return IoError.READ_ONLY;
        }
        return isOutside(volume, offset, length) ? IoError.OUT_OF_RANGE : null;
    }

    private final class RamAssociation implements Association {
        private record Pending(IoRequest request, Consumer<IoResult> done) {}

        private final AssociationId id;
        private final AssociationListener listener;
        private final Shard shard;
        private final long number = associationCount.incrementAndGet();
        private final Map<Long, Pending> pending = new HashMap<>();
        private long numbers;
        private boolean over;

        RamAssociation(AssociationId id, AssociationListener listener, Shard shard) {
            this.id = id;
            this.listener = listener;
            this.shard = shard;
        }

        @Override
        public AssociationId id() {
            return id;
        }

        @Override
        public HostConnection openConnection(Consumer<Runnable> ping) {
            return new RamConnection();
        }

        @Override
        public void abort(long command, Runnable done) {
            assert shard.isCurrent();
            shard.execute(() -> {
                fail(command, IoError.ABORTED);
                done.run();
            });
        }

        @Override
        public void abortUnsubmitted(VolumeId volume, Runnable done) {
            assert shard.isCurrent();
            shard.execute(done);
        }

        @Override
        public void reset(VolumeId volume, Reset reset, Runnable done) {
            endAll(
                    volume,
                    each -> {
                        each.endLegacy();
                        if (each != this) {
                            each.listener.volumeReset(volume, reset);
                        }
                    },
                    done);
        }

        @Override
        public void clear(VolumeId volume, Runnable done) {
            endAll(volume, _ -> {}, done);
        }

        @Override
        public void resetNexus(Collection<VolumeId> volumes, Runnable done) {
            assert shard.isCurrent();
            shard.execute(() -> {
                endLegacy();
                failAll(null);
                done.run();
            });
        }

        private void endAll(VolumeId volume, Consumer<RamAssociation> also, Runnable done) {
            assert shard.isCurrent();
            List<RamAssociation> all;
            synchronized (RamVolumeService.this) {
                all = new ArrayList<>(associations.values());
            }
            int[] left = {all.size()};
            Runnable one =
                    () -> {
                        if (--left[0] == 0) {
                            done.run();
                        }
                    };
            for (RamAssociation each : all) {
                each.shard.execute(() -> {
                    each.failAll(volume);
                    also.accept(each);
                    shard.execute(one);
                });
            }
        }

        @Override
        public void close(Runnable done) {
            assert shard.isCurrent();
            leave(this);
            shard.execute(() -> fence(done));
        }

        private void fence(Runnable done) {
            over = true;
            endLegacy();
            failAll(null);
            done.run();
        }

        private void failAll(VolumeId volume) {
            for (Long number : List.copyOf(pending.keySet())) {
                if (volume == null || pending.get(number).request().volume().equals(volume)) {
                    fail(number, IoError.ABORTED);
                }
            }
        }

        private void fail(long number, IoError error) {
            Pending command = pending.remove(number);
            if (command != null) {
                command.done().accept(new IoResult.Failed(error));
            }
        }

        private void run(long number) {
            Pending command = pending.remove(number);
            if (command != null) {
                command.done()
                        .accept(
                                over
                                        ? new IoResult.Failed(IoError.FENCED)
                                        : reserved(command.request()));
            }
        }

        // ---- reservations, by the rules that ship

        private IoResult reserved(IoRequest request) {
            Volume volume = find(request.volume());
            if (volume == null) {
                return new IoResult.Failed(IoError.NO_SUCH_VOLUME);
            }
            if (request instanceof IoRequest.ChangeReservations(_, var change)) {
                return change(volume, asSent(filledIn(change)));
            }
            AccessKind kind =
                    request instanceof IoRequest.Read ? AccessKind.READ : AccessKind.WRITE;
            return isPermitted(volume.info.id(), kind)
                    ? apply(request)
                    : new IoResult.Failed(IoError.RESERVATION_CONFLICT);
        }

        private Nexus nexus() {
            return new Nexus(id.initiatorPort(), id.ingress().value());
        }

        private LegacyReservation legacy() {
            return new LegacyReservation(new ProcessId(id.ingress(), 1), number);
        }

        private ReservationChange filledIn(ReservationChange change) {
            return switch (change) {
                case ReservationChange.LegacyReserve(var nexus, _) ->
                        new ReservationChange.LegacyReserve(nexus, legacy());
                case ReservationChange.LegacyRelease(var nexus, _) ->
                        new ReservationChange.LegacyRelease(nexus, legacy());
                default -> change;
            };
        }

        /** By the codec that it goes through on its way to the owner and into the log. */
        private static ReservationChange asSent(ReservationChange change) {
            ByteBuf bytes = Unpooled.buffer();
            ReservationCodec.writeChange(bytes, change);
            return ReservationCodec.readChange(bytes);
        }

        private IoResult change(Volume volume, ReservationChange change) {
            synchronized (RamVolumeService.this) {
                ReservationTable before = volume.reservations;
                ReservationTable.Result result = before.apply(change, List.of(1, 2));
                if (!result.table().equals(before)) {
                    changes.incrementAndGet();
                }
                volume.reservations = result.table();
                for (RamAssociation each : associations.values()) {
                    Notice notice = result.table().notices().get(each.nexus());
                    if (notice != null && notice.number() > before.noticeCount()) {
                        each.shard.execute(() ->
                                each.listener.reservationsChanged(volume.info.id(), notice.kind()));
                    }
                }
                return switch (result.verdict()) {
                    case DONE -> IoResult.DONE;
                    case CONFLICT -> new IoResult.Failed(IoError.RESERVATION_CONFLICT);
                    case INVALID_RELEASE -> new IoResult.Failed(IoError.INVALID_RELEASE);
                    case INVALID -> new IoResult.Failed(IoError.INVALID_RESERVATION);
                    case NO_ROOM -> new IoResult.Failed(IoError.NO_REGISTRATION_ROOM);
                };
            }
        }

        private void endLegacy() {
            synchronized (RamVolumeService.this) {
                for (Volume volume : volumes.values()) {
                    volume.reservations =
                            volume.reservations
                                    .apply(new ReservationChange.LegacyEnd(legacy()), List.of())
                                    .table();
                }
            }
        }

        @Override
        public boolean isPermitted(VolumeId volumeId, AccessKind kind) {
            Volume volume = find(volumeId);
            if (volume == null) {
                return true;
            }
            LegacyReservation held = volume.reservations.legacy();
            return (held == null || held.equals(legacy()))
                    && volume.reservations.permits(nexus(), kind);
        }

        @Override
        public void reservations(VolumeId volumeId, Consumer<Optional<ReservationTable>> done) {
            shard.execute(() ->
                    done.accept(
                            Optional.ofNullable(find(volumeId))
                                    .map(volume -> volume.reservations)));
        }

        @Override
        public void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
            shard.execute(() -> done.accept(new MoveResult(MoveResult.Code.REJECTED, 1, "")));
        }

        private final class RamConnection implements HostConnection {
            private long reads;

            @Override
            public void received(int bytes, boolean queueEmpty) {
                assert shard.isCurrent();
                reads++;
            }

            @Override
            public long stamp() {
                assert shard.isCurrent();
                return reads;
            }

            @Override
            public long submit(IoRequest request, long stamp, Consumer<IoResult> done) {
                assert shard.isCurrent();
                assert stamp > 0 && stamp <= reads : "stamp from nowhere";
                long number = ++numbers;
                pending.put(number, new Pending(request, done));
                if (delayNanos == 0) {
                    shard.execute(() -> run(number));
                } else {
                    shard.schedule(delayNanos, () -> run(number));
                }
                return number;
            }

            @Override
            public void delivered(long command) {
                assert shard.isCurrent();
            }

            @Override
            public void closed() {
                assert shard.isCurrent();
                shard.execute(() -> failAll(null));
            }
        }
    }
}
