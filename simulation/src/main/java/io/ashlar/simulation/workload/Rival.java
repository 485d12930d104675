package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A host that wants a block for itself: it registers by all ports, reserves for registrants, and
 * preempts the other, over and over, while it writes and reads all the time, whether it may or not.
 * It drops paths that do not answer, with what is on them. {@link Rivalry} judges the answers.
 */
public final class Rival implements HostPath.Listener {
    private static final long PATIENCE_NANOS = 700 * SimWorld.MILLI;
    private static final int BLOCK_BYTES = 4096;

    /** Where it stands in taking the volume. */
    private enum Step {
        IDLE,
        REGISTER,
        RESERVE,
        PREEMPT
    }

    private record Sent(IoRequest request, long value, Rivalry.Moment moment) {}

    private final SimNetwork network;
    private final SimWorld world;
    private final SimRandom random;
    private final NodeId id;
    private final SimulatedHost.Targets targets;
    private final VolumeId volume;
    private final Rivalry rivalry;
    private final ReservationType type;
    private final Map<Long, Sent> open = new HashMap<>();
    private long tags;
    private long values;
    private Step step = Step.IDLE;
    private long stepTag;
    private @Nullable HostPath path;
    private boolean isUp;
    private long upToNanos;
    private boolean working = true;

    public Rival(
            SimNetwork network,
            SimWorld world,
            NodeId id,
            SimulatedHost.Targets targets,
            VolumeId volume,
            Rivalry rivalry,
            ReservationType type) {
        this.network = network;
        this.world = world;
        this.random = world.random().split();
        this.id = id;
        this.targets = targets;
        this.volume = volume;
        this.rivalry = rivalry;
        this.type = type;
    }

    public void start() {
        rivalry.join(id);
        turn();
    }

    public void setWorking(boolean isWorking) {
        working = isWorking;
    }

    private long key() {
        return id.value();
    }

    private void turn() {
        world.after(random.skewed(2 * SimWorld.MILLI, 60 * SimWorld.MILLI), this::turn);
        if (path == null || world.nowNanos() > upToNanos) {
            connect();
        }
        if (!isUp || !working) {
            return;
        }
        if (step == Step.IDLE && !rivalry.isOwner(id) && random.chance(0.02)) {
            step = Step.REGISTER;
            rivalry.begins(id);
        }
        if (step != Step.IDLE && stepTag == 0) {
            sendStep();
        }
        if (open.size() < 8) {
            boolean isWrite = random.chance(0.6);
            long value = isWrite ? key() << 32 | ++values : 0;
            IoRequest request =
                    isWrite
                            ? new IoRequest.Write(volume, 0, block(value), false)
                            : new IoRequest.Read(volume, 0, BLOCK_BYTES);
            send(request, value);
        }
    }

    private static Payload block(long value) {
        return Payload.of(ByteBuffer.allocate(BLOCK_BYTES).putLong(value).array());
    }

    /** Takes another path; what is on the former is not asked about any more. */
    private void connect() {
        HostPath former = path;
        if (former != null) {
            former.abandon();
        }
        open.clear();
        stepTag = 0;
        isUp = false;
        path = null;
        upToNanos = world.nowNanos() + random.between(2 * SimWorld.SECOND, 6 * SimWorld.SECOND);
        SimulatedHost.Target target = targets.at(random.pick(targets.nodes()));
        if (target != null) {
            HostPath fresh =
                    new DirectPath(
                            HostStyle.MULTIPATH,
                            network,
                            random.split(),
                            id,
                            target.process(),
                            target.service(),
                            this);
            path = fresh;
            fresh.login();
            expect(() -> fresh == path && !isUp);
        }
    }

    /** Gives the path up if this still holds after a while. */
    private void expect(java.util.function.BooleanSupplier isMissing) {
        world.after(
                PATIENCE_NANOS,
                () -> {
                    if (isMissing.getAsBoolean()) {
                        upToNanos = 0;
                    }
                });
    }

    private void sendStep() {
        HostPath by = path;
        if (by == null) {
            return;
        }
        Nexus nexus = new Nexus(id + ",i,0x1", by.process().id().node().value());
        ReservationChange change =
                switch (step) {
                    case IDLE -> throw new IllegalStateException("nothing to do");
                    case REGISTER ->
                            new ReservationChange.Register(nexus, true, 0, key(), true, List.of());
                    case RESERVE -> new ReservationChange.Reserve(nexus, key(), type);
                    case PREEMPT ->
                            new ReservationChange.Preempt(
                                    nexus, key(), rivalry.other(id), type, random.chance(0.5));
                };
        if (step == Step.PREEMPT) {
            rivalry.preempts(id);
        }
        stepTag = send(new IoRequest.ChangeReservations(volume, change), 0);
    }

    private long send(IoRequest request, long value) {
        HostPath by = path;
        long tag = ++tags;
        if (by != null) {
            open.put(tag, new Sent(request, value, rivalry.now(id)));
            by.send(tag, request);
            expect(() -> open.containsKey(tag));
        }
        return tag;
    }

    // ---- what it hears

    @Override
    public void onUp(HostPath up) {
        if (up == path) {
            isUp = true;
        }
    }

    @Override
    public void onResult(HostPath from, long tag, IoResult result) {
        Sent sent = from == path ? open.remove(tag) : null;
        if (sent == null) {
            return;
        }
        switch (sent.request()) {
            case IoRequest.Write _ -> {
                if (result instanceof IoResult.Done) {
                    rivalry.wrote(id, sent.value(), sent.moment());
                }
            }
            case IoRequest.Read _ -> {
                if (result instanceof IoResult.Done(Payload data)) {
                    long value = ByteBuffer.wrap(data.toByteArray()).getLong();
                    rivalry.read(id, value, sent.moment(), type.isExclusiveAccess());
                }
            }
            default -> {
                if (tag == stepTag) {
                    stepTag = 0;
                    onStep(result);
                }
            }
        }
    }

    private void onStep(IoResult result) {
        boolean isDone = result instanceof IoResult.Done;
        boolean isConflict =
                result instanceof IoResult.Failed(IoError error)
                        && error == IoError.RESERVATION_CONFLICT;
        if (!isDone && !isConflict) {
            return; // it goes again
        }
        world.trace("%s: %s is %s", id, step, result);
        step =
                switch (step) {
                    case IDLE -> Step.IDLE;
                    case REGISTER -> isDone ? Step.RESERVE : Step.REGISTER;
                    case RESERVE -> Step.PREEMPT;
                    case PREEMPT -> {
                        if (isDone) {
                            rivalry.preempted(id);
                        }
                        rivalry.ends(id);
                        yield Step.IDLE;
                    }
                };
    }

    @Override
    public void onLost(HostPath lost) {
        if (lost == path) {
            upToNanos = 0;
        }
    }

    @Override
    public void onAborted(HostPath from, long tag) {}

    @Override
    public void onReset(HostPath from, VolumeId reset, long tag) {}

    @Override
    public void onLoggedOut(HostPath from) {}

    @Override
    public void onPathsChanged(HostPath from) {}
}
