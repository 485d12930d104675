package io.ashlar.metadata.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.junit.jupiter.api.Test;

/** A follower that confirms what it does not hold makes the cluster lose acknowledged commands. */
class AppendGuardTest {
    private long lastIndex = 82;
    private long lastTerm = 5;
    private long flushIndex = 82;
    private long snapshotIndex = -1;
    private AppendResult result = AppendResult.SUCCESS;

    @Test
    void whatIsInTheLogAndSyncedIsConfirmed() throws Exception {
        assertThat(append(81, 82)).isEqualTo(confirmation(82));
        assertThat(append(81)).isEqualTo(confirmation(81));
    }

    @Test
    void anEntryThatWasNotWrittenIsNotConfirmed() throws Exception {
        lastIndex = 81;
        assertRefused(append(81, 82), 82);
    }

    @Test
    void anEntryThatWaitsForItsSyncIsNotConfirmed() throws Exception {
        flushIndex = 80;
        assertRefused(append(81, 82), 81);
    }

    @Test
    void anEntryOfAnotherTermIsNotConfirmed() throws Exception {
        lastTerm = 4;
        assertRefused(append(82), 83);
    }

    @Test
    void whatASnapshotCoversIsConfirmed() throws Exception {
        lastIndex = 200;
        flushIndex = 70;
        snapshotIndex = 100;
        assertThat(append(82)).isEqualTo(confirmation(82));
    }

    @Test
    void heartbeatsAndRefusalsPassAsTheyAre() throws Exception {
        lastIndex = 10;
        assertThat(append()).isEqualTo(confirmation(-1));
        result = AppendResult.NOT_LEADER;
        assertThat(append(82)).isEqualTo(confirmation(82));
    }

    private static void assertRefused(AppendEntriesReplyProto reply, long nextIndex) {
        assertThat(reply.getResult()).isEqualTo(AppendResult.INCONSISTENCY);
        assertThat(reply.getServerReply().getSuccess()).isFalse();
        assertThat(reply.getNextIndex()).isEqualTo(nextIndex);
        assertThat(reply.getMatchIndex()).isEqualTo(-1);
    }

    private AppendEntriesReplyProto append(long... indexes) throws Exception {
        RaftGroupId group = RaftGroupId.valueOf(UUID.randomUUID());
        AppendEntriesRequestProto.Builder request =
                AppendEntriesRequestProto.newBuilder()
                        .setServerRequest(
                                RaftRpcRequestProto.newBuilder()
                                        .setRaftGroupId(
                                                RaftGroupIdProto.newBuilder()
                                                        .setId(group.toByteString())));
        for (long index : indexes) {
            request.addEntries(LogEntryProto.newBuilder().setTerm(5).setIndex(index));
        }
        long confirmed = indexes.length == 0 ? -1 : indexes[indexes.length - 1];
        RaftLog log =
                fake(
                        RaftLog.class,
                        (_, method, arguments) ->
                                switch (method.getName()) {
                                    case "getFlushIndex" -> flushIndex;
                                    case "getNextIndex" -> lastIndex + 1;
                                    case "getSnapshotIndex" -> snapshotIndex;
                                    case "contains" -> {
                                        TermIndex asked = (TermIndex) arguments[0];
                                        yield asked.getTerm() == lastTerm
                                                && asked.getIndex() <= lastIndex;
                                    }
                                    default -> throw new AssertionError(method);
                                });
        RaftServer.Division division = fake(RaftServer.Division.class, (_, _, _) -> log);
        RaftServer server =
                fake(
                        RaftServer.class,
                        (_, method, _) ->
                                method.getName().equals("getDivision")
                                        ? division
                                        : CompletableFuture.completedFuture(
                                                confirmation(confirmed)));
        return AppendGuard.around(server).appendEntriesAsync(request.build()).get();
    }

    private AppendEntriesReplyProto confirmation(long matchIndex) {
        return AppendEntriesReplyProto.newBuilder()
                .setResult(result)
                .setMatchIndex(matchIndex)
                .setNextIndex(matchIndex + 1)
                .build();
    }

    private static <T> T fake(Class<T> type, InvocationHandler answers) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, answers));
    }
}
