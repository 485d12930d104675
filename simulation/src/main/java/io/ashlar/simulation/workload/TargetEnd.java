package io.ashlar.simulation.workload;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.pdu.PduEncoder;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.session.ConnectionMachine;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import io.ashlar.iscsi.session.Effects;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimShard;
import io.ashlar.simulation.world.SimWorld;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.List;

/**
 * A node's end of an iSCSI connection: the machine that ships, and in place of its socket a receive
 * queue that is read at its own pace, in pieces that know nothing of PDUs.
 */
final class TargetEnd implements Effects {
    /** What arrives at the host, in order. */
    interface Host {
        void onPdu(byte[] bytes);

        void onClosed();
    }

    private static final double STALL_CHANCE = 0.01;
    private static final int UNSENT_BYTES_MAX = 32 * 1024;

    private final SimProcess process;
    private final SimRandom random;
    private final SimShard shard;
    private final HostWire toHost;
    private final Host host;
    private final PduEncoder encoder = new PduEncoder();
    private final ArrayDeque<ByteBuf> received = new ArrayDeque<>();
    private final ConnectionMachine machine;
    private int unsentBytes;
    private long readAtNanos;
    private boolean closed;

    TargetEnd(
            TargetContext target,
            SimProcess process,
            SimRandom random,
            String peer,
            HostWire toHost,
            Host host) {
        this.process = process;
        this.random = random;
        this.shard = process.shard("iscsi of " + peer);
        this.toHost = toHost;
        this.host = host;
        this.machine = new ConnectionMachine(target, peer, shard, this);
        scheduleTick();
    }

    private void scheduleTick() {
        shard.schedule(
                SimWorld.SECOND,
                () -> {
                    if (!closed) {
                        machine.step(new Event.Tick());
                        scheduleTick();
                    }
                });
    }

    // ---- from the wire

    void arrive(byte[] bytes) {
        received.add(Unpooled.wrappedBuffer(bytes));
        readSoon();
    }

    /** The transport is gone; the process learns of it when it looks. */
    void lose() {
        process.after(
                0,
                () ->
                        shard.execute(() -> {
                            if (!closed) {
                                closed = true;
                                machine.step(new Event.TransportLost("lost"));
                            }
                        }));
    }

    /**
     * Now and then the socket is long in being read, or the thread in coming back from elsewhere.
     */
    private void readSoon() {
        SimWorld world = process.world();
        long wait = random.skewed(SimWorld.MICRO, SimWorld.MILLI);
        if (random.chance(STALL_CHANCE)) {
            long stall = random.skewed(SimWorld.MILLI, 4 * SimWorld.SECOND);
            if (random.chance(0.5)) {
                shard.stall(stall);
            } else {
                wait = stall;
            }
        }
        readAtNanos = Math.max(readAtNanos, world.nowNanos() + wait);
        process.after(readAtNanos - world.nowNanos(), () -> shard.execute(this::read));
    }

    private void read() {
        if (closed || received.isEmpty()) {
            return;
        }
        int left = random.pick(List.of(100, 4_096, 128 * 1024));
        ByteBuf in = Unpooled.buffer();
        while (left > 0 && !received.isEmpty()) {
            ByteBuf first = received.getFirst();
            int bytes = Math.min(left, first.readableBytes());
            in.writeBytes(first, bytes);
            left -= bytes;
            if (!first.isReadable()) {
                received.removeFirst();
            }
        }
        machine.onRead(in, received.isEmpty());
        if (!received.isEmpty()) {
            readSoon();
        }
    }

    // ---- effects

    @Override
    public void send(TargetPdu pdu, Payload data) {
        if (closed) {
            return;
        }
        ByteBuf out = Unpooled.buffer(PduEncoder.bytesMax(data.length()));
        encoder.encode(pdu, data, out);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        unsentBytes += bytes.length;
        process.world().trace("%s -> host: %s", process, pdu);
        process.emit(() ->
                toHost.send(() -> {
                    host.onPdu(bytes);
                    process.after(0, () -> shard.execute(() -> onLeft(bytes.length)));
                }));
    }

    private void onLeft(int bytes) {
        boolean wasFull = !isWritable();
        unsentBytes -= bytes;
        if (wasFull && isWritable() && !closed) {
            machine.step(new Event.Writable());
        }
    }

    @Override
    public void configure(boolean headerDigest, boolean dataDigest, int receiveBytesMax) {
        encoder.configure(headerDigest, dataDigest);
        machine.configureDecoder(headerDigest, dataDigest, receiveBytesMax);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            process.emit(() -> toHost.send(host::onClosed));
        }
    }

    @Override
    public boolean isWritable() {
        return unsentBytes < UNSENT_BYTES_MAX;
    }
}
