package io.ashlar.volume.ingress;

import io.ashlar.common.NodeId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.HostConnection;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.Reset;
import io.ashlar.volume.owner.Holds;
import io.ashlar.volume.wire.ToOwner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** An association on its own shard. */
final class AssociationPort implements Association {
    /** So many connections may an association open in its life, as a power of two. */
    private static final int CONNECTION_BITS = 20;

    /** A settling that was refused is tried again after this; nothing waits for it. */
    private static final long SETTLE_AGAIN_NANOS = 1_000_000_000L;

    /** No command has this number. */
    static final long NO_COMMAND = 0;

    private final Ingress ingress;
    private final Shard shard;
    private final AssociationState state;
    private final List<ConnectionPort> connections = new ArrayList<>();

    /** Submitted and not answered. */
    private final SortedMap<Long, HostCommand> pending = new TreeMap<>();

    private final Comparisons comparisons;
    private long commandCount;
    private long connectionCount;
    private boolean isClosed;

    AssociationPort(
            Ingress ingress,
            AssociationId id,
            long number,
            AssociationListener listener,
            Shard shard) {
        this.ingress = ingress;
        this.shard = shard;
        this.state = new AssociationState(id, number, listener, shard, this);
        this.comparisons = new Comparisons(id.host(), ingress.context().post().self(), number);
    }

    Shard shard() {
        return shard;
    }

    AssociationState state() {
        return state;
    }

    boolean isClosed() {
        return isClosed;
    }

    long nextCommand() {
        return ++commandCount;
    }

    /** Unique in this process. */
    private long nextConnection() {
        return (state.number << CONNECTION_BITS) | ++connectionCount;
    }

    static long associationOf(long connection) {
        return connection >> CONNECTION_BITS;
    }

    void onSubmitted(HostCommand command) {
        pending.put(command.number, command);
    }

    Comparisons comparisons() {
        return comparisons;
    }

    void onAnswered(HostCommand command, IoResult result) {
        comparisons.onAnswered(command, result);
        pending.remove(command.number);
        onPause();
    }

    /**
     * Has a mark removed whose command's answer the host has; again and again, since a connection
     * may be fenced, an owner move, and a reset abort it. Ends with this association.
     */
    void settle(IoRequest.Settle settle) {
        assert shard.isCurrent();
        if (isClosed) {
            return;
        }
        if (connections.isEmpty()) {
            settleLater(settle);
            return;
        }
        ConnectionPort connection = connections.getFirst();
        connection.submit(
                settle,
                connection.stamp(),
                result -> {
                    if (comparisons.isUnsettled(settle, result)) {
                        settleLater(settle);
                    }
                });
    }

    private void settleLater(IoRequest.Settle settle) {
        shard.schedule(SETTLE_AGAIN_NANOS, () -> settle(settle));
    }

    void onConnectionClosed(ConnectionPort connection) {
        connections.remove(connection);
    }

    /**
     * Some task of this shard that is not a read. What is noted here is older than the next read,
     * so that an idle connection's stamp does not age more than it must.
     */
    void onPause() {
        for (ConnectionPort connection : connections) {
            connection.onPause();
        }
    }

    @Override
    public AssociationId id() {
        return state.id;
    }

    @Override
    public HostConnection openConnection(Consumer<Runnable> ping) {
        assert shard.isCurrent();
        ConnectionPort connection = new ConnectionPort(ingress, this, nextConnection(), ping);
        connections.add(connection);
        ingress.context().shard().execute(() -> ingress.onConnection(connection.state()));
        return connection;
    }

    @Override
    public void abort(long command, Runnable done) {
        assert shard.isCurrent();
        comparisons.onAborted();
        HostCommand pendingCommand = pending.get(command);
        if (pendingCommand == null) {
            shard.execute(done);
            return;
        }
        Runnable settled =
                () ->
                        shard.execute(() -> {
                            pendingCommand.answer(new IoResult.Failed(IoError.ABORTED));
                            done.run();
                        });
        ingress.context().shard().execute(() -> ingress.abort(pendingCommand, settled));
    }

    @Override
    public void abortUnsubmitted(VolumeId volume, Runnable done) {
        assert shard.isCurrent();
        comparisons.onAborted();
        ingress.context()
                .shard()
                .execute(() -> ingress.abortUnsubmitted(state, volume, () -> shard.execute(done)));
    }

    @Override
    public void reset(VolumeId volume, Reset reset, Runnable done) {
        end(volume, ToOwner.Scope.of(reset), done);
    }

    @Override
    public void clear(VolumeId volume, Runnable done) {
        end(volume, ToOwner.Scope.CLEAR, done);
    }

    private void end(VolumeId volume, ToOwner.Scope scope, Runnable done) {
        assert shard.isCurrent();
        comparisons.onAborted();
        ingress.context()
                .shard()
                .execute(() -> ingress.endAll(state, volume, scope, () -> shard.execute(done)));
    }

    @Override
    public void resetNexus(Collection<VolumeId> volumes, Runnable done) {
        assert shard.isCurrent();
        comparisons.onAborted();
        List<VolumeId> all = List.copyOf(volumes);
        ingress.context()
                .shard()
                .execute(() -> ingress.resetNexus(state, all, () -> shard.execute(done)));
    }

    @Override
    public boolean isPermitted(VolumeId volume, AccessKind kind) {
        ControlState view = ingress.context().metadata().state();
        VolumeRecord record = view.volumes().get(volume);
        return record == null || Holds.permit(view, record, nexus(), legacy(), kind);
    }

    @Override
    public void reservations(VolumeId volume, Consumer<Optional<ReservationTable>> done) {
        MetadataClient metadata = ingress.context().metadata();
        metadata.readBarrier(
                shard,
                index -> {
                    VolumeRecord found = metadata.state().volumes().get(volume);
                    done.accept(
                            index < 0 || found == null
                                    ? Optional.empty()
                                    : Optional.of(found.reservations()));
                });
    }

    @Override
    public void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
        assert shard.isCurrent();
        ingress.context()
                .shard()
                .execute(() ->
                        ingress.move(
                                volume,
                                target,
                                result -> shard.execute(() -> done.accept(result))));
    }

    private Nexus nexus() {
        return new Nexus(state.id.initiatorPort(), ingress.context().post().self().node().value());
    }

    private LegacyReservation legacy() {
        return new LegacyReservation(ingress.context().post().self(), state.number);
    }

    /** The request, with what only this side of it knows. */
    IoRequest filledIn(IoRequest request) {
        if (!(request instanceof IoRequest.ChangeReservations(var volume, var change))) {
            return request;
        }
        return switch (change) {
            case ReservationChange.LegacyReserve(var nexus, _) ->
                    new IoRequest.ChangeReservations(
                            volume, new ReservationChange.LegacyReserve(nexus, legacy()));
            case ReservationChange.LegacyRelease(var nexus, _) ->
                    new IoRequest.ChangeReservations(
                            volume, new ReservationChange.LegacyRelease(nexus, legacy()));
            default -> request;
        };
    }

    @Override
    public void close(Runnable done) {
        assert shard.isCurrent();
        isClosed = true;
        connections.forEach(ConnectionPort::end);
        connections.clear();
        ingress.context().shard().execute(() -> ingress.close(state, () -> shard.execute(done)));
    }
}
