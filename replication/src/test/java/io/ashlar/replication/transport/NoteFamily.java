package io.ashlar.replication.transport;

import io.ashlar.common.ProcessId;
import io.ashlar.common.Wire;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Writes down what it is told, in order. */
final class NoteFamily implements MessageFamily {
    record Received(ProcessId from, long number) {}

    final List<Received> received = new CopyOnWriteArrayList<>();
    final List<String> streams = new CopyOnWriteArrayList<>();
    final AtomicLong count = new AtomicLong();
    final AtomicLong bytes = new AtomicLong();
    volatile boolean keep = true;
    volatile Consumer<ProcessId> onConnected = _ -> {};
    volatile BiConsumer<ProcessId, Note> onReceive = (_, _) -> {};

    @Override
    public int firstType() {
        return Note.TYPE;
    }

    @Override
    public int lastType() {
        return Note.TYPE;
    }

    @Override
    public PeerMessage decode(int type, ByteBuf body) {
        long number = Wire.readLong(body);
        byte[] rest = new byte[body.readableBytes()];
        body.readBytes(rest);
        return new Note(number, rest);
    }

    @Override
    public void receive(ProcessId from, PeerMessage message) {
        Note note = (Note) message;
        if (keep) {
            received.add(new Received(from, note.number()));
        }
        bytes.addAndGet(note.bytes().length);
        count.incrementAndGet();
        onReceive.accept(from, note);
    }

    @Override
    public void connected(ProcessId peer) {
        streams.add("+" + peer);
        onConnected.accept(peer);
    }

    @Override
    public void disconnected(ProcessId peer) {
        streams.add("-" + peer);
    }

    /** Whether its outgoing stream stands, as far as this was told. */
    boolean isConnected(ProcessId peer) {
        return streams.lastIndexOf("+" + peer) > streams.lastIndexOf("-" + peer);
    }

    List<Long> numbers() {
        return received.stream().map(Received::number).toList();
    }
}
