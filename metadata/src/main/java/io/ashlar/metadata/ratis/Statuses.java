package io.ashlar.metadata.ratis;

import io.ashlar.metadata.engine.EngineStatus;
import io.ashlar.metadata.engine.EngineStatus.Role;
import java.time.Duration;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.statemachine.SnapshotInfo;

/** Reads off Ratis where it stands. */
final class Statuses {
    /** Of the longest election timeout: after so many without a word, touch is lost. */
    private static final int TIMEOUTS_IN_TOUCH = 2;

    private Statuses() {}

    static EngineStatus of(RaftServer.Division division, Duration electionMax) {
        DivisionInfo info = division.getInfo();
        SnapshotInfo snapshot = division.getStateMachine().getLatestSnapshot();
        return new EngineStatus(
                role(info),
                RatisEngine.leaderOf(division),
                info.getCurrentTerm(),
                division.getRaftLog().getLastCommittedIndex(),
                info.getLastAppliedIndex(),
                division.getRaftLog().getFlushIndex(),
                snapshot == null ? -1 : snapshot.getIndex(),
                Peers.fromRatis(division.getRaftConf().getCurrentPeers()),
                isInTouch(info, electionMax.multipliedBy(TIMEOUTS_IN_TOUCH).toMillis()));
    }

    private static Role role(DivisionInfo info) {
        if (!info.isAlive()) {
            return Role.STOPPED;
        }
        RaftPeerRole role = info.getCurrentRole();
        return switch (role) {
            case LEADER -> Role.LEADER;
            case FOLLOWER -> Role.FOLLOWER;
            case CANDIDATE -> Role.CANDIDATE;
            case LISTENER -> Role.LISTENER;
            default -> Role.STOPPED;
        };
    }

    private static boolean isInTouch(DivisionInfo info, long silenceMillisMax) {
        if (!info.isAlive()) {
            return false;
        }
        RoleInfoProto role = info.getRoleInfoProto();
        if (role.hasLeaderInfo()) {
            int followers = role.getLeaderInfo().getFollowerInfoCount();
            int heard = 1;
            for (ServerRpcProto follower : role.getLeaderInfo().getFollowerInfoList()) {
                if (follower.getLastRpcElapsedTimeMs() <= silenceMillisMax) {
                    heard++;
                }
            }
            return 2 * heard > followers + 1;
        }
        return role.hasFollowerInfo()
                && info.getLeaderId() != null
                && role.getFollowerInfo().getLeaderInfo().getLastRpcElapsedTimeMs()
                        <= silenceMillisMax;
    }
}
