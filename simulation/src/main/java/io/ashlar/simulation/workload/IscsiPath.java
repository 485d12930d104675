package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.InitiatorPdu;
import io.ashlar.iscsi.pdu.LogoutRequestPdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.scsi.Lun;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.PathState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A path through the iSCSI target that ships: an initiator's session, as open-iscsi has it, over a
 * wire to a {@link TargetEnd}. It logs in with whatever parameters chance offers, asks every unit
 * whether it is ready, then serves the multipath layer. What it gives up stays on the wire, and its
 * next login has the same ISID.
 */
final class IscsiPath implements HostPath, TargetEnd.Host {
    /** DataSegmentLength in every header, RFC 7143 section 11.2.1.6. */
    private static final int DATA_SEGMENT_LENGTH = 5;

    private static final long RETRY_NANOS = 100 * SimWorld.MILLI;

    /** What it is doing. */
    enum State {
        LOGIN,
        READYING,
        UP,
        LOGGING_OUT,
        ABANDONED
    }

    private final SimWorld world;
    private final SimRandom random;
    private final SimProcess process;
    private final TargetContext target;
    private final HostWire toNode;
    private final TargetEnd far;
    private final Listener listener;
    private final String name;
    private final SortedMap<VolumeId, Long> luns = new TreeMap<>();
    private final InitiatorLogin login;
    private final InitiatorSession session;
    private State state = State.LOGIN;
    private long heardAtNanos;

    IscsiPath(
            SimNetwork network,
            SimRandom random,
            NodeId host,
            SimProcess process,
            TargetContext target,
            Listener listener) {
        this.world = process.world();
        this.random = random;
        this.process = process;
        this.target = target;
        this.listener = listener;
        NodeId node = process.id().node();
        this.toNode = new HostWire(world, network, random, host, node);
        this.far =
                new TargetEnd(
                        target,
                        process,
                        random,
                        host.toString(),
                        new HostWire(world, network, random, node, host),
                        this);
        this.name = "iqn.2026-11.simulation:" + host;
        this.login = new InitiatorLogin(name, target.targetName(), random);
        this.session = new InitiatorSession(this, login, random);
        this.heardAtNanos = world.nowNanos();
    }

    SimWorld world() {
        return world;
    }

    Listener listener() {
        return listener;
    }

    /** All LUNs. */
    Collection<Long> units() {
        return luns.values();
    }

    boolean isState(State wanted) {
        return state == wanted;
    }

    boolean isAbandoned() {
        return state == State.ABANDONED;
    }

    // ---- what the host asks

    @Override
    public SimProcess process() {
        return process;
    }

    @Override
    public void login() {
        post(login.request(), login.text());
    }

    @Override
    public void send(long tag, IoRequest request) {
        session.begin(tag, lun(request.volume()), request);
    }

    private long lun(VolumeId volume) {
        Long lun = luns.get(volume);
        if (lun == null) {
            throw new IllegalStateException(volume + " is not mapped at " + process);
        }
        return lun;
    }

    /** Nobody asks for it: only hosts of other kinds have volumes that grow. */
    @Override
    public long bytes(VolumeId volume) {
        return Long.MAX_VALUE;
    }

    @Override
    public void abort(long tag) {
        if (state == State.UP) {
            session.abort(tag);
        }
    }

    /** By any function that ends all commands of this nexus for the unit, and promises it. */
    @Override
    public void reset(VolumeId volume, long tag) {
        if (state == State.UP) {
            List<Integer> functions =
                    List.of(
                            TaskManagementRequestPdu.LOGICAL_UNIT_RESET,
                            TaskManagementRequestPdu.CLEAR_TASK_SET,
                            TaskManagementRequestPdu.TARGET_WARM_RESET,
                            TaskManagementRequestPdu.I_T_NEXUS_RESET);
            int usable = login.protocolLevel < 2 ? functions.size() - 1 : functions.size();
            session.manage(functions.get(random.nextInt(usable)), lun(volume), volume, tag, null);
        }
    }

    @Override
    public boolean logout() {
        if (state != State.UP) {
            return false;
        }
        state = State.LOGGING_OUT;
        post(
                new LogoutRequestPdu(
                        true,
                        LogoutRequestPdu.CLOSE_SESSION,
                        session.nextTag(),
                        0,
                        session.cmdSn(),
                        session.expStatSn()),
                new byte[0]);
        return true;
    }

    @Override
    public void askIfThere() {
        if (state == State.UP) {
            ping(session.nextTag(), Bhs.RESERVED_TAG);
        }
    }

    /** NOP-Out: a question of this end's, or the answer to the other end's. */
    void ping(int initiatorTaskTag, int targetTransferTag) {
        post(
                new NopOutPdu(
                        true,
                        0,
                        initiatorTaskTag,
                        targetTransferTag,
                        session.cmdSn(),
                        session.expStatSn()),
                new byte[0]);
    }

    @Override
    public long heardAtNanos() {
        return heardAtNanos;
    }

    @Override
    public SortedMap<NodeId, PathState> paths(VolumeId volume) {
        return target.volumes().paths(volume);
    }

    @Override
    public void abandon() {
        state = State.ABANDONED;
        // The target learns of it sooner or later, if the cable is whole.
        world.after(random.skewed(SimWorld.MILLI, 10 * SimWorld.SECOND), far::lose);
    }

    // ---- the wire

    void post(InitiatorPdu pdu, byte[] data) {
        ByteBuf out = Unpooled.buffer();
        pdu.encode(out);
        out.setMedium(DATA_SEGMENT_LENGTH, data.length);
        out.writeBytes(data).writeZero(-data.length & 3);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        world.trace("host -> %s: %s", process, pdu);
        toNode.send(() -> far.arrive(bytes));
    }

    @Override
    public void onPdu(byte[] bytes) {
        if (state == State.ABANDONED) {
            return;
        }
        heardAtNanos = world.nowNanos();
        ByteBuf header = Unpooled.wrappedBuffer(bytes, 0, Bhs.BYTES);
        byte[] data = new byte[header.getUnsignedMedium(DATA_SEGMENT_LENGTH)];
        System.arraycopy(bytes, Bhs.BYTES, data, 0, data.length);
        session.onPdu(TargetPdu.decode(header), data);
    }

    @Override
    public void onClosed() {
        if (state != State.ABANDONED) {
            listener.onLost(this);
        }
    }

    // ---- what the session has to tell

    /** The login was refused: this node cannot serve now. */
    void onRefused() {
        world.after(RETRY_NANOS, this::onClosed);
    }

    /** The login was answered: every unit is asked whether it is there. */
    void onLoggedIn() {
        state = State.READYING;
        target.volumes()
                .volumes(name)
                .forEach((lun, volume) -> luns.put(volume.id(), Lun.encode(lun)));
        session.owesAttention(luns.values());
        askNext(luns);
    }

    private void askNext(SortedMap<VolumeId, Long> left) {
        if (left.isEmpty()) {
            state = State.UP;
            listener.onUp(this);
            return;
        }
        VolumeId first = left.firstKey();
        SortedMap<VolumeId, Long> rest = new TreeMap<>(left);
        Long lun = rest.remove(first);
        if (lun != null) {
            session.askIfReady(
                    lun,
                    ready -> {
                        if (ready) {
                            askNext(rest);
                        } else {
                            world.after(
                                    RETRY_NANOS,
                                    () -> {
                                        if (state == State.READYING) {
                                            askNext(left);
                                        }
                                    });
                        }
                    });
        }
    }
}
