package io.ashlar.simulation;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.simulation.world.SimMetadata;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimShard;
import io.ashlar.simulation.world.SimTransport;
import io.ashlar.simulation.world.SimWorld;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The least that serves groups of one copy: a program for tests of the simulated world itself, with
 * mistakes that can be switched on to see whether the checkers notice.
 */
final class OneCopyProgram implements NodeProgram {
    enum Mistake {
        NONE,
        ACKNOWLEDGES_BEFORE_SYNC,
        IGNORES_ACCESS_EPOCHS,
        FORGETS_TO_WIDEN
    }

    private record Request(long id, PgRequest request) implements PeerMessage {
        @Override
        public int type() {
            return 1;
        }

        @Override
        public void encode(ByteBuf out) {
            throw new UnsupportedOperationException();
        }
    }

    private record Reply(long id, PgReply reply) implements PeerMessage {
        @Override
        public int type() {
            return 2;
        }

        @Override
        public void encode(ByteBuf out) {
            throw new UnsupportedOperationException();
        }
    }

    private record NotPrimary(long id) implements PeerMessage {
        @Override
        public int type() {
            return 3;
        }

        @Override
        public void encode(ByteBuf out) {
            throw new UnsupportedOperationException();
        }
    }

    private final Mistake mistake;

    OneCopyProgram(Mistake mistake) {
        this.mistake = mistake;
    }

    @Override
    public Running start(
            SimProcess process,
            SimTransport transport,
            SimMetadata metadata,
            List<ChunkDevice> devices,
            Consumer<String> fatal) {
        Server server = new Server(process, transport, metadata, devices);
        Client client = new Client(process, transport, metadata);
        transport.register(
                PeerTransport.Lane.DATA,
                new MessageFamily() {
                    @Override
                    public int firstType() {
                        return 1;
                    }

                    @Override
                    public int lastType() {
                        return 3;
                    }

                    @Override
                    public PeerMessage decode(int type, ByteBuf body) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public void receive(ProcessId from, PeerMessage message) {
                        if (message instanceof Request request) {
                            server.shard.execute(() -> server.onRequest(from, request));
                        } else {
                            client.shard.execute(() -> client.onReply(message));
                        }
                    }

                    @Override
                    public void connected(ProcessId peer) {
                        client.shard.execute(client::sendAll);
                    }

                    @Override
                    public void disconnected(ProcessId peer) {
                        client.shard.execute(() -> client.onDisconnected(peer));
                    }
                });
        return new Running() {
            @Override
            public void begin() {}

            @Override
            public BlockGroups groups() {
                return client;
            }

            @Override
            public boolean holdsFullLease(PgId pg) {
                return server.isPrimary(pg);
            }

            @Override
            public boolean isTeaching() {
                return false;
            }

            @Override
            public boolean isDeaf() {
                return false;
            }

            @Override
            public String describe() {
                return "one copy";
            }
        };
    }

    /** A request repeated over a broken stream is executed once. */
    private record Asked(ProcessId from, long id) {}

    private final class Server {
        /** How soon a request is looked at again for which this node's view is behind. */
        private static final long VIEW_RETRY_NANOS = 1_000_000L;

        private final SimProcess process;
        private final SimShard shard;
        private final SimTransport transport;
        private final SimMetadata metadata;
        private final Map<PgId, ChunkDevice> devices = new TreeMap<>();
        private final List<ChunkDevice> allDevices;
        private final Map<PgId, ArrayDeque<Runnable>> queues = new HashMap<>();
        private final Map<PgId, Long> sequences = new HashMap<>();
        private final Map<VolumeId, Long> accessEpochs = new HashMap<>();
        private final Set<PgId> leading = new HashSet<>();
        private final Set<Asked> accepted = new HashSet<>();
        private final Map<Asked, PgReply> answers = new HashMap<>();

        Server(
                SimProcess process,
                SimTransport transport,
                SimMetadata metadata,
                List<ChunkDevice> devices) {
            this.process = process;
            this.shard = process.shard("server");
            this.transport = transport;
            this.metadata = metadata;
            this.allDevices = devices;
            metadata.watch(shard, this::onState);
        }

        private boolean isPrimary(PgId pg) {
            PgConfig config = metadata.state().placementGroups().get(pg);
            return config != null && config.isPrimary(process.id());
        }

        private void onState(ControlState state) {
            for (PgConfig config : state.placementGroups().values()) {
                Member member = config.members().get(process.id().node());
                if (member == null) {
                    continue;
                }
                for (ChunkDevice device : allDevices) {
                    if (device.id().equals(member.device())) {
                        devices.put(config.id(), device);
                    }
                }
                boolean registered =
                        state.nodes().get(process.id().node()).incarnation()
                                == process.id().incarnation();
                if (registered
                        && !config.isMember(process.id())
                        && devices.containsKey(config.id())
                        && leading.add(config.id())) {
                    metadata.submit(
                            new Command.ReconfigureGroup(
                                    config.id(),
                                    config.epoch(),
                                    process.id(),
                                    new Command.ReconfigureGroup.Change.Lead()),
                            shard,
                            _ -> {
                                leading.remove(config.id());
                                onState(metadata.state());
                            });
                }
            }
        }

        private void onRequest(ProcessId from, Request message) {
            PgRequest request = message.request();
            PgId pg = request.pg();
            if (!isPrimary(pg)) {
                transport.send(PeerTransport.Lane.DATA, from.node(), new NotPrimary(message.id()));
                return;
            }
            Asked asked = new Asked(from, message.id());
            if (!accepted.add(asked)) {
                PgReply reply = answers.get(asked);
                if (reply != null) {
                    answer(from, message, reply); // the former answer was lost
                }
                return;
            }
            ArrayDeque<Runnable> queue = queues.computeIfAbsent(pg, _ -> new ArrayDeque<>());
            queue.add(() -> serve(from, message));
            if (queue.size() == 1) {
                queue.peek().run();
            }
        }

        private void answer(ProcessId from, Request message, PgReply reply) {
            answers.put(new Asked(from, message.id()), reply);
            transport.send(PeerTransport.Lane.DATA, from.node(), new Reply(message.id(), reply));
        }

        private void finish(ProcessId from, Request message, PgReply reply) {
            answer(from, message, reply);
            ArrayDeque<Runnable> queue = queues.get(message.request().pg());
            queue.poll();
            if (!queue.isEmpty()) {
                shard.execute(queue.peek());
            }
        }

        private void serve(ProcessId from, Request message) {
            PgRequest request = message.request();
            ChunkDevice device = devices.get(request.pg());
            VolumeRecord volume = metadata.state().volumes().get(request.volume());
            if (volume == null) { // this node's view is behind the asker's
                shard.schedule(VIEW_RETRY_NANOS, () -> serve(from, message));
                return;
            }
            long known =
                    Math.max(accessEpochs.getOrDefault(request.volume(), 0L), volume.accessEpoch());
            accessEpochs.put(request.volume(), Math.max(known, request.accessEpoch()));
            if (request.accessEpoch() < known && mistake != Mistake.IGNORES_ACCESS_EPOCHS) {
                finish(from, message, new PgReply.Fenced(known));
                return;
            }
            switch (request) {
                case PgRequest.Fence _ ->
                        finish(from, message, new PgReply.Installed(process.id(), 1));
                case PgRequest.Read read -> {
                    BlockRange range = blocks(read.chunk(), read.offset(), read.length());
                    device.read(
                            read.pg(),
                            range,
                            shard,
                            result -> finish(from, message, done(result, read, range)));
                }
                case PgRequest.Write write -> {
                    BlockRange range = blocks(write.chunk(), write.offset(), write.data().length());
                    device.read(
                            write.pg(),
                            range,
                            shard,
                            result -> store(from, message, write, range, result));
                }
                case PgRequest.OrWrite _, PgRequest.CompareAndWrite _, PgRequest.Settle _ ->
                        throw new IllegalStateException("this program only reads and writes");
                case PgRequest.Trim trim ->
                        append(
                                from,
                                message,
                                LogEntry.Kind.TRIM,
                                trim.range(),
                                new Blocks(Payload.EMPTY, new int[0]));
            }
        }

        private PgReply done(ReadResult result, PgRequest.Read read, BlockRange range) {
            if (!(result instanceof ReadResult.Ok ok)) {
                return new PgReply.Unrecovered(result.toString());
            }
            Payload data =
                    ok.blocks()
                            .data()
                            .slice(
                                    read.offset() - range.first() * Sizes.BLOCK_BYTES,
                                    read.length());
            return new PgReply.Done(data, checksums(read.offset(), data));
        }

        private void store(
                ProcessId from,
                Request message,
                PgRequest.Write write,
                BlockRange range,
                ReadResult result) {
            byte[] whole = new byte[range.count() * Sizes.BLOCK_BYTES];
            if (result instanceof ReadResult.Ok ok && mistake != Mistake.FORGETS_TO_WIDEN) {
                ok.blocks().data().copyTo(0, whole, 0, whole.length);
            }
            write.data()
                    .copyTo(
                            0,
                            whole,
                            write.offset() - range.first() * Sizes.BLOCK_BYTES,
                            write.data().length());
            append(
                    from,
                    message,
                    LogEntry.Kind.WRITE,
                    range,
                    Blocks.checksummed(Payload.of(whole)));
        }

        private void append(
                ProcessId from,
                Request message,
                LogEntry.Kind kind,
                BlockRange range,
                Blocks blocks) {
            PgId pg = message.request().pg();
            long epoch = metadata.state().placementGroups().get(pg).epoch();
            long last =
                    sequences.computeIfAbsent(
                            pg,
                            _ -> {
                                List<LogEntry> log = devices.get(pg).load(pg).log();
                                return log.isEmpty() ? 0 : log.getLast().sequence();
                            });
            sequences.put(pg, last + 1);
            if (mistake == Mistake.ACKNOWLEDGES_BEFORE_SYNC) {
                answer(from, message, PgReply.DONE);
            }
            devices.get(pg)
                    .write(
                            List.of(
                                    new StoreOp.Append(
                                            pg,
                                            new LogEntry(epoch, last + 1, kind, range),
                                            blocks)),
                            shard,
                            result ->
                                    finish(
                                            from,
                                            message,
                                            result instanceof WriteResult.Durable
                                                    ? PgReply.DONE
                                                    : new PgReply.OutOfSpace()));
        }

        private BlockRange blocks(io.ashlar.common.ChunkId chunk, int offset, int length) {
            int first = offset / Sizes.BLOCK_BYTES;
            int end = (offset + length + Sizes.BLOCK_BYTES - 1) / Sizes.BLOCK_BYTES;
            return new BlockRange(chunk, first, end - first);
        }

        private static int[] checksums(int offset, Payload data) {
            int end = offset + data.length();
            int first = offset / Sizes.BLOCK_BYTES;
            int count = (end + Sizes.BLOCK_BYTES - 1) / Sizes.BLOCK_BYTES - first;
            int[] checksums = new int[count];
            for (int i = 0; i < count; i++) {
                int from = Math.max(offset, (first + i) * Sizes.BLOCK_BYTES);
                int to = Math.min(end, (first + i + 1) * Sizes.BLOCK_BYTES);
                checksums[i] = data.crc32c(from - offset, to - from);
            }
            return checksums;
        }
    }

    private static final class Client implements BlockGroups {
        private static final class Pending {
            final PgRequest request;
            final Shard shard;
            final Consumer<PgReply> done;
            ProcessId sentTo;

            Pending(PgRequest request, Shard shard, Consumer<PgReply> done) {
                this.request = request;
                this.shard = shard;
                this.done = done;
            }
        }

        private final SimShard shard;
        private final SimTransport transport;
        private final SimMetadata metadata;
        private final Map<Long, Pending> pending = new TreeMap<>();
        private long lastId;

        Client(SimProcess process, SimTransport transport, SimMetadata metadata) {
            this.shard = process.shard("client");
            this.transport = transport;
            this.metadata = metadata;
            metadata.watch(shard, _ -> sendAll());
            repeat();
        }

        private void repeat() {
            pending.values().forEach(one -> one.sentTo = null);
            sendAll();
            shard.schedule(500 * SimWorld.MILLI, this::repeat);
        }

        @Override
        public Shard.Cancellable submit(PgRequest request, Shard from, Consumer<PgReply> done) {
            long id = ++lastId;
            shard.execute(() -> {
                pending.put(id, new Pending(request, from, done));
                sendAll();
            });
            return () -> shard.execute(() -> pending.remove(id));
        }

        /** Sends what is not with the present primary; a stream that stands loses nothing. */
        private void sendAll() {
            pending.forEach((id, one) -> {
                PgConfig config = metadata.state().placementGroups().get(one.request.pg());
                ProcessId primary = config.members().get(config.primary()).process();
                if (!primary.equals(one.sentTo)
                        && transport.send(
                                PeerTransport.Lane.DATA,
                                primary.node(),
                                new Request(id, one.request))) {
                    one.sentTo = primary;
                }
            });
        }

        private void onDisconnected(ProcessId peer) {
            for (Pending one : pending.values()) {
                if (peer.equals(one.sentTo)) {
                    one.sentTo = null;
                }
            }
        }

        private void onReply(PeerMessage message) {
            if (message instanceof Reply reply) {
                Pending one = pending.remove(reply.id());
                if (one != null) {
                    one.shard.execute(() -> one.done.accept(reply.reply()));
                }
            } else if (message instanceof NotPrimary refusal
                    && pending.get(refusal.id()) instanceof Pending one) {
                shard.schedule(
                        50 * SimWorld.MILLI,
                        () -> {
                            one.sentTo = null;
                            sendAll();
                        });
            }
        }
    }
}
