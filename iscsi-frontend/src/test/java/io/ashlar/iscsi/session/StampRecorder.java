package io.ashlar.iscsi.session;

import io.ashlar.common.NodeId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.HostConnection;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.PathState;
import io.ashlar.volume.Portal;
import io.ashlar.volume.Reset;
import io.ashlar.volume.VolumeInfo;
import io.ashlar.volume.VolumeService;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Consumer;

/** Passes all on to another service, and notes reads and stamps of connections. */
final class StampRecorder implements VolumeService {
    private final VolumeService below;
    final List<Long> submitted = new ArrayList<>();
    final List<String> reads = new ArrayList<>();

    /** The newest ticket, which is what a stamp is made of here. */
    long ticket = 1;

    StampRecorder(VolumeService below) {
        this.below = below;
    }

    @Override
    public boolean isReady() {
        return below.isReady();
    }

    @Override
    public UUID clusterId() {
        return below.clusterId();
    }

    @Override
    public NodeId localNode() {
        return below.localNode();
    }

    @Override
    public List<Portal> portals() {
        return below.portals();
    }

    @Override
    public java.util.Optional<io.ashlar.common.ChapSecrets> chap(String host) {
        return below.chap(host);
    }

    @Override
    public SortedMap<Integer, VolumeInfo> volumes(String host) {
        return below.volumes(host);
    }

    @Override
    public SortedMap<NodeId, PathState> paths(VolumeId volume) {
        return below.paths(volume);
    }

    @Override
    public void associate(
            AssociationId id,
            AssociationListener listener,
            Shard shard,
            Consumer<Association> done) {
        below.associate(id, listener, shard, found -> done.accept(new Recording(found)));
    }

    private final class Recording implements Association {
        private final Association below;

        Recording(Association below) {
            this.below = below;
        }

        @Override
        public AssociationId id() {
            return below.id();
        }

        @Override
        public HostConnection openConnection(Consumer<Runnable> ping) {
            HostConnection connection = below.openConnection(ping);
            return new HostConnection() {
                @Override
                public void received(int bytes, boolean queueEmpty) {
                    reads.add(bytes + " " + queueEmpty);
                    connection.received(bytes, queueEmpty);
                }

                @Override
                public long stamp() {
                    return ticket;
                }

                @Override
                public long submit(IoRequest request, long stamp, Consumer<IoResult> done) {
                    submitted.add(stamp);
                    return connection.submit(request, connection.stamp(), done);
                }

                @Override
                public void delivered(long command) {
                    connection.delivered(command);
                }

                @Override
                public void closed() {
                    connection.closed();
                }
            };
        }

        @Override
        public void abort(long command, Runnable done) {
            below.abort(command, done);
        }

        @Override
        public void abortUnsubmitted(VolumeId volume, Runnable done) {
            below.abortUnsubmitted(volume, done);
        }

        @Override
        public void reset(VolumeId volume, Reset reset, Runnable done) {
            below.reset(volume, reset, done);
        }

        @Override
        public void clear(VolumeId volume, Runnable done) {
            below.clear(volume, done);
        }

        @Override
        public void resetNexus(Collection<VolumeId> volumes, Runnable done) {
            below.resetNexus(volumes, done);
        }

        @Override
        public boolean isPermitted(VolumeId volume, AccessKind kind) {
            return below.isPermitted(volume, kind);
        }

        @Override
        public void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
            below.move(volume, target, done);
        }

        @Override
        public void reservations(VolumeId volume, Consumer<Optional<ReservationTable>> done) {
            below.reservations(volume, done);
        }

        @Override
        public void close(Runnable done) {
            below.close(done);
        }
    }
}
