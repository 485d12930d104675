package io.ashlar.volume.ingress;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.VolumeCounters;
import io.ashlar.volume.VolumeSettings;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.Post;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Where hosts' commands enter the cluster. Owned by the volume shard; {@link AssociationPort} and
 * {@link ConnectionPort} are its halves on the front ends' shards.
 */
public final class Ingress {
    private final IngressContext context;
    private final Controls controls;
    private final Servings servings;
    private final Commands commands;
    private final MoveRequests moves;
    private final SortedMap<Long, AssociationState> associations = new TreeMap<>();
    private final SortedMap<AssociationId, AssociationState> byId = new TreeMap<>();
    private final EndedSessions endedSessions;
    private final ResetNotices resets = new ResetNotices();
    private long associationCount;
    private long pausedNanos;

    public Ingress(
            Clock clock,
            Shard shard,
            TicketBook tickets,
            Post post,
            MetadataClient metadata,
            VolumeSettings settings,
            FenceRules rules,
            VolumeCounters counters) {
        this.context =
                new IngressContext(
                        clock, shard, tickets, post, metadata, settings, rules, counters);
        this.controls = new Controls(context);
        this.servings = new Servings(post.self());
        this.commands = new Commands(context, controls, servings);
        this.moves = new MoveRequests(context, servings);
        this.endedSessions = new EndedSessions(context, associations::containsKey);
        this.pausedNanos = clock.nanos();
    }

    IngressContext context() {
        return context;
    }

    // ---- from the front end

    /** See {@link io.ashlar.volume.VolumeService#associate}. */
    public void associate(
            AssociationId id,
            AssociationListener listener,
            Shard shard,
            Consumer<Association> done) {
        AssociationPort port = new AssociationPort(this, id, ++associationCount, listener, shard);
        AssociationState fresh = port.state();
        AssociationState former = byId.put(id, fresh);
        associations.put(fresh.number, fresh);
        Runnable answer = () -> shard.execute(() -> done.accept(port));
        if (former == null || !context.rules().has(Rule.LOGIN_FENCES)) {
            answer.run();
        } else {
            former.tell(listenerOfFormer -> listenerOfFormer.mustClose("replaced by a new login"));
            close(former, answer);
        }
    }

    void onConnection(ConnectionState connection) {
        connection.association.connections.put(connection.number, connection);
    }

    void submit(HostCommand command) {
        commands.submit(command);
    }

    void abort(HostCommand command, Runnable done) {
        if (command.isConcluded && command.error == null) {
            done.run(); // done, and that answer comes before this one
            return;
        }
        // Also when it was refused: the host may have sent it by another path before.
        command.isEnding = true;
        ask(
                command.volume(),
                ToOwner.Scope.ABORT,
                command.association(),
                command.number,
                () -> {
                    commands.end(command);
                    done.run();
                });
    }

    /**
     * As an abort of a command of which nothing is here: what came by other paths is waited for.
     */
    void abortUnsubmitted(AssociationState association, VolumeId volume, Runnable done) {
        ask(volume, ToOwner.Scope.ABORT, association, AssociationPort.NO_COMMAND, done);
    }

    /** A reset of the volume, or CLEAR TASK SET. */
    void endAll(AssociationState association, VolumeId volume, ToOwner.Scope scope, Runnable done) {
        ask(volume, scope, association, 0, done);
    }

    /** I_T NEXUS RESET: whatever of the association is not yet admitted never will be. */
    void resetNexus(AssociationState association, Collection<VolumeId> volumes, Runnable done) {
        SortedSet<VolumeId> all = new TreeSet<>(volumes);
        association.commands.values().forEach(command -> all.add(command.volume()));
        endAll(association, _ -> true, all, ToOwner.Scope.NEXUS, 0, done);
    }

    void closeConnection(ConnectionState connection) {
        connection.association.connections.remove(connection.number);
        endAll(
                connection.association,
                command -> command.connection == connection,
                new TreeSet<>(),
                ToOwner.Scope.CONNECTION,
                connection.number,
                () -> {});
    }

    /** Ends an association; {@code done} also if it is ending already. */
    void close(AssociationState association, Runnable done) {
        if (association.isClosed) {
            done.run();
            return;
        }
        association.closeWaiters.add(done);
        if (association.isClosing) {
            return;
        }
        association.isClosing = true;
        endAll(
                association,
                _ -> true,
                new TreeSet<>(),
                ToOwner.Scope.ASSOCIATION,
                0,
                () -> onClosed(association));
    }

    private void onClosed(AssociationState association) {
        association.isClosed = true;
        associations.remove(association.number);
        byId.remove(association.id, association);
        endedSessions.look();
        association.closeWaiters.forEach(Runnable::run);
        association.closeWaiters.clear();
    }

    /**
     * Ends commands. Of these volumes' owners, and of those with unanswered commands: of an
     * association alone, whatever was answered is decided.
     */
    private void endAll(
            AssociationState association,
            Predicate<HostCommand> isMeant,
            SortedSet<VolumeId> volumes,
            ToOwner.Scope scope,
            long subject,
            Runnable done) {
        List<HostCommand> ending = new ArrayList<>();
        for (HostCommand command : association.commands.values()) {
            if (isMeant.test(command)) {
                command.isEnding = true;
                ending.add(command);
                volumes.add(command.volume());
            }
        }
        if (volumes.isEmpty()) {
            done.run();
            return;
        }
        SortedSet<VolumeId> open = new TreeSet<>(volumes);
        for (VolumeId volume : volumes) {
            ask(
                    volume,
                    scope,
                    association,
                    subject,
                    () -> {
                        open.remove(volume);
                        for (HostCommand command : ending) {
                            if (command.volume().equals(volume)) {
                                commands.end(command);
                            }
                        }
                        if (open.isEmpty()) {
                            done.run();
                        }
                    });
        }
    }

    private void ask(
            VolumeId volume,
            ToOwner.Scope scope,
            AssociationState association,
            long subject,
            Runnable done) {
        controls.ask(volume, scope, association.id.host(), association.number, subject, done);
    }

    /** The host has answered a ping that left when this many tickets had arrived. */
    void onProven(ConnectionState connection, long arrival) {
        connection.provenArrival = Math.max(connection.provenArrival, arrival);
        ControlState view = context.metadata().state();
        for (VolumeId volume : List.copyOf(connection.pingsAwaited.keySet())) {
            if (connection.pingsAwaited.getOrDefault(volume, Long.MAX_VALUE) > arrival) {
                continue;
            }
            connection.pingsAwaited.remove(volume);
            VolumeRecord record = view.volumes().get(volume);
            if (record != null) {
                context.post()
                        .send(
                                record.owner().node(),
                                new ToOwner.Pong(
                                        volume,
                                        connection.association.id.host(),
                                        connection.number,
                                        record.owner().incarnation(),
                                        context.tickets().tick(record.owner(), arrival)));
            }
        }
    }

    /** See {@link io.ashlar.volume.VolumeMoves#move}. */
    public void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
        moves.move(volume, target, done);
    }

    // ---- from owners

    public void onMessage(ProcessId from, ToIngress message) {
        switch (message) {
            case ToIngress.PartDone done -> commands.onDone(from, done);
            case ToIngress.PartFailed failed -> commands.onFailed(from, failed);
            case ToIngress.PartRefused refused -> {
                context.tickets().onTicket(from, refused.tick());
                if (refused.serving()) {
                    servings.onServing(
                            refused.volume(), from, refused.accessEpoch(), refused.tick());
                }
                commands.onRefused(from, refused);
            }
            case ToIngress.PartMoved moved -> commands.onMoved(from, moved);
            case ToIngress.MoveAnswer answer -> moves.onAnswer(from, answer);
            case ToIngress.ControlDone done -> {
                if (done.incarnation() == context.post().self().incarnation()) {
                    controls.onDone(from, done);
                }
            }
            case ToIngress.Ping ping -> {
                context.tickets().onTicket(from, ping.tick());
                if (ping.incarnation() == context.post().self().incarnation()) {
                    onPing(ping);
                }
            }
            case ToIngress.Serving serving -> {
                context.tickets().onTicket(from, serving.tick());
                servings.onServing(serving.volume(), from, serving.accessEpoch(), serving.tick());
                commands.releaseHeld();
                controls.resend();
                moves.look();
            }
            case ToIngress.VolumeReset reset -> onReset(reset);
            case ToIngress.RepliesLost() -> {
                controls.onStreamLost(from);
                commands.onStreamLost(from);
                controls.resend();
            }
        }
    }

    private void onPing(ToIngress.Ping ping) {
        // The association's number stands in the connection's.
        AssociationState association =
                associations.get(AssociationPort.associationOf(ping.connection()));
        ConnectionState connection =
                association == null ? null : association.connections.get(ping.connection());
        if (connection != null && association != null) {
            connection.pingsAwaited.put(ping.volume(), context.tickets().arrivals());
            association.shard.execute(() -> connection.port.refresh(() -> {}));
        }
    }

    private void onReset(ToIngress.VolumeReset reset) {
        if (!resets.isNew(reset)) {
            return;
        }
        ControlState view = context.metadata().state();
        VolumeRecord volume = view.volumes().get(reset.volume());
        if (volume == null) {
            return;
        }
        for (AssociationState association : associations.values()) {
            boolean isItself =
                    association.number == reset.association()
                            && reset.ingress().equals(context.post().self().node());
            if (!isItself && Visibility.isVisible(view, association.id.host(), volume)) {
                association.tell(listener -> listener.volumeReset(volume.id(), reset.reset()));
            }
        }
    }

    // ---- from below

    public void onConnected(ProcessId peer) {
        servings.onConnected(peer);
        controls.onStreamLost(peer);
        commands.onStreamLost(peer);
        controls.resend();
        commands.releaseHeld();
    }

    public void onDisconnected(ProcessId peer) {
        servings.onDisconnected(peer);
        controls.onStreamLost(peer);
    }

    public void onView(ControlState view) {
        servings.onView(view);
        resets.onView(view);
        commands.onView(view);
        controls.resend();
        moves.look();
    }

    public void onTimer() {
        controls.onTimer();
        commands.onTimer();
        long now = context.clock().nanos();
        if (now - pausedNanos >= context.settings().ticketInterval().toNanos() / 2) {
            pausedNanos = now;
            endedSessions.look();
            for (AssociationState association : associations.values()) {
                association.shard.execute(association.port::onPause);
            }
        }
    }

    /** Tells front ends; {@code event} is given each association that is alive. */
    public void forEachAssociation(AssociationVisitor visitor) {
        for (AssociationState association : List.copyOf(associations.values())) {
            visitor.visit(association.id, association::tell);
        }
    }

    /** What looks at associations. */
    public interface AssociationVisitor {
        /**
         * @param tell runs something with the association's listener, on its shard
         */
        void visit(AssociationId id, Consumer<Consumer<AssociationListener>> tell);
    }
}
