package io.ashlar.metadata.ratis;

import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.engine.ReplicatedStateMachine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.AtomicFileOutputStream;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

/**
 * Ratis's view of our state machine: entries, snapshots and life cycle. The updater thread of Ratis
 * applies, saves and loads; so none of these overlap.
 */
final class RatisStateMachine extends BaseStateMachine {
    private final ReplicatedStateMachine machine;
    private final Consumer<String> failed;
    private final Consumer<String> closed;
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();

    /** Up to where our state machine has applied. It may be ahead of what Ratis knows. */
    private volatile long applied;

    /**
     * @param applied up to where a former run in this process has applied: it is not applied again,
     *     so that nobody sees the state go back; -1 if there was none
     * @param failed told when an entry, a snapshot or the log is at fault
     * @param closed told when Ratis stops this state machine for another reason
     */
    RatisStateMachine(
            ReplicatedStateMachine machine,
            long applied,
            Consumer<String> failed,
            Consumer<String> closed) {
        this.machine = machine;
        this.applied = applied;
        this.failed = failed;
        this.closed = closed;
    }

    long applied() {
        return applied;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage)
            throws IOException {
        super.initialize(server, groupId, raftStorage);
        getLifeCycle()
                .startAndTransition(() -> {
                    storage.init(raftStorage);
                    loadNewest();
                });
    }

    /** Without this change of state the first snapshot that is installed closes the division. */
    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    @Override
    public void reinitialize() throws IOException {
        storage.loadLatestSnapshot();
        loadNewest();
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    private void loadNewest() throws IOException {
        SingleFileSnapshotInfo newest = storage.getLatestSnapshot();
        if (newest == null) {
            return;
        }
        if (newest.getIndex() > applied) {
            byte[] bytes = Files.readAllBytes(newest.getFile().getPath());
            try {
                machine.load(bytes);
            } catch (WireFormatException e) {
                String reason =
                        "metadata snapshot " + newest.getFile().getPath() + ": " + e.getMessage();
                failed.accept(reason);
                throw new IOException(reason);
            }
            applied = newest.getIndex();
        }
        setLastAppliedTermIndex(newest.getTermIndex());
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    @Override
    public @Nullable SnapshotInfo getLatestSnapshot() {
        return storage.getLatestSnapshot();
    }

    /** At the leader: keeps out of the log what would stop every node when it is applied. */
    @Override
    public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
        TransactionContext context = super.startTransaction(request);
        try {
            machine.check(request.getMessage().getContent().asReadOnlyByteBuffer());
        } catch (WireFormatException e) {
            context.setException(new StateMachineException(e.getMessage()));
        }
        return context;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext context) {
        LogEntryProto entry = context.getLogEntry();
        if (entry.getIndex() > applied) {
            try {
                machine.apply(
                        entry.getIndex(),
                        entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
            } catch (RuntimeException | Error e) {
                failed.accept("log entry " + entry.getIndex() + ": " + e.getMessage());
                throw e;
            }
            applied = entry.getIndex();
        }
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    /** Answered when the read index is applied, which is all that a barrier asks. */
    @Override
    public CompletableFuture<Message> query(Message request) {
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    /**
     * The file is complete and on stable storage before it has its name, and it has its checksum
     * beside it before the log is purged.
     */
    @Override
    public long takeSnapshot() throws IOException {
        TermIndex last = getLastAppliedTermIndex();
        if (last.getIndex() < 0) {
            return RaftLog.INVALID_LOG_INDEX;
        }
        SingleFileSnapshotInfo newest = storage.getLatestSnapshot();
        if (last.getIndex() < applied) {
            // Our state is of a former run and of a later index: saved, it would be misnamed.
            return newest == null ? RaftLog.INVALID_LOG_INDEX : newest.getIndex();
        }
        if (newest != null && newest.getIndex() >= last.getIndex()) {
            return newest.getIndex();
        }
        byte[] bytes = machine.save();
        Path file = storage.getSnapshotFile(last.getTerm(), last.getIndex()).toPath();
        try (AtomicFileOutputStream out = new AtomicFileOutputStream(file.toFile())) {
            try {
                out.write(bytes, 0, bytes.length);
            } catch (IOException e) {
                out.abort();
                throw e;
            }
        }
        MD5Hash md5 = MD5FileUtil.computeAndSaveMd5ForFile(file.toFile());
        Directories.sync(file.resolveSibling("."));
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file, md5), last));
        return last.getIndex();
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto roleInfo, boolean allServer) {
        closed.accept("the consensus engine shut itself down");
    }

    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto failedEntry) {
        failed.accept("the metadata log cannot be written: " + cause);
    }

    /** Also how a division ends that caught an exception; it tells nobody else. */
    @Override
    public void close() {
        closed.accept("the consensus engine closed the state machine");
    }

    /** Directories, whose entries are durable only once they are synced themselves. */
    static final class Directories {
        private Directories() {}

        static void sync(Path directory) throws IOException {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
