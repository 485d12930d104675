package io.ashlar.metadata.ratis;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a follower confirm only what its log holds on stable storage, whatever Ratis says. Two ways
 * were found in which Ratis 3.3.0 confirms more:
 *
 * <ul>
 *   <li>It takes an append for the repeat of one under way if both start at the same entry, even if
 *       the second is longer, and confirms the longer one without writing it. (The option that does
 *       this is off, see RatisProperties; this is the second lock on the door.)
 *   <li>Without that option it confirms an append whose entries are all in memory already, though
 *       the first append of them may still wait for its fsync.
 * </ul>
 *
 * <p>The leader counts such an answer towards the majority. So an acknowledged command could be
 * lost with one node, and the follower never caught up, since the leader thought that it had. An
 * answer that does not hold becomes one of inconsistency, which makes the leader send the entries
 * again.
 */
final class AppendGuard implements InvocationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(AppendGuard.class);

    private final RaftServer server;

    private AppendGuard(RaftServer server) {
        this.server = server;
    }

    /** The same server, whose answers to appends are checked. */
    static RaftServer around(RaftServer server) {
        return (RaftServer)
                Proxy.newProxyInstance(
                        RaftServer.class.getClassLoader(),
                        new Class<?>[] {RaftServer.class},
                        new AppendGuard(server));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
            throws Throwable {
        Object result;
        try {
            result = method.invoke(server, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
        if (arguments == null
                || arguments.length != 1
                || !(arguments[0] instanceof AppendEntriesRequestProto request)) {
            return result;
        }
        return switch (result) {
            case CompletableFuture<?> answer ->
                    answer.thenApply(reply -> check(request, (AppendEntriesReplyProto) reply));
            case AppendEntriesReplyProto reply -> check(request, reply);
            default -> result;
        };
    }

    private AppendEntriesReplyProto check(
            AppendEntriesRequestProto request, AppendEntriesReplyProto reply) {
        if (reply.getResult() != AppendResult.SUCCESS || request.getEntriesCount() == 0) {
            return reply;
        }
        LogEntryProto last = request.getEntries(request.getEntriesCount() - 1);
        RaftLog log = log(request);
        if (holds(log, TermIndex.valueOf(last.getTerm(), last.getIndex()))) {
            return reply;
        }
        long nextIndex = Math.min(log.getNextIndex(), log.getFlushIndex() + 1);
        LOG.debug(
                "the log holds entries before {} only, not up to {} as it was to be confirmed",
                nextIndex,
                last.getIndex());
        return reply.toBuilder()
                .setServerReply(reply.getServerReply().toBuilder().setSuccess(false))
                .setResult(AppendResult.INCONSISTENCY)
                .setNextIndex(nextIndex)
                .setMatchIndex(RaftLog.INVALID_LOG_INDEX)
                .build();
    }

    /** What a snapshot covers may be out of the log already. */
    private static boolean holds(RaftLog log, TermIndex last) {
        return last.getIndex() <= log.getSnapshotIndex()
                || (last.getIndex() <= log.getFlushIndex() && log.contains(last));
    }

    private RaftLog log(AppendEntriesRequestProto request) {
        try {
            return server.getDivision(
                            RaftGroupId.valueOf(
                                    request.getServerRequest().getRaftGroupId().getId()))
                    .getRaftLog();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }
}
