package io.ashlar.metadata.ratis;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a follower stand for election as soon as its leader has been silent for the shortest
 * time-out. Ratis 3.3 sleeps for a whole random time-out before it looks, so that it notices after
 * one to two of them; and two followers that look at the same moment split the vote and wait again.
 * Here they stand in turn. As in Ratis' own pre-vote, which it leaves out of an election that is
 * asked for, a majority must have lost the leader, too: a node that alone does not hear it deposes
 * nobody.
 *
 * <p>Any election is safe at any time; this is about time alone, and Ratis' own time-outs go on
 * beside it. Looked at by the watchdog's thread; votes are asked for on threads of their own.
 */
final class EarlyElection {
    private static final Logger LOG = LoggerFactory.getLogger(EarlyElection.class);

    /** By so much later than the one before it each further follower stands. */
    private static final Duration TURN = Duration.ofMillis(300);

    private final RaftServer server;
    private final RaftServer.Division division;
    private final Duration silence;
    private final AtomicBoolean isAsking = new AtomicBoolean();

    /**
     * @param silence of the leader after which the first follower stands; no shorter than Ratis'
     *     shortest time-out, within which voters stand by a leader
     */
    EarlyElection(RaftServer server, RaftServer.Division division, Duration silence) {
        this.server = server;
        this.division = division;
        this.silence = silence;
    }

    /** To be called often; asks for votes if it is time. */
    void look() {
        DivisionInfo info = division.getInfo();
        RaftPeerId leader = info.getLeaderId();
        if (isAsking.get() || !info.isFollower() || leader == null) {
            return;
        }
        RoleInfoProto role = info.getRoleInfoProto();
        if (!role.hasFollowerInfo()
                || !isDue(
                        role.getFollowerInfo().getLeaderInfo().getLastRpcElapsedTimeMs(), leader)) {
            return;
        }
        RaftConfiguration conf = division.getRaftConf();
        TermIndex last = division.getRaftLog().getLastEntryTermIndex();
        if (last != null
                && conf.getPreviousPeers().isEmpty()
                && isAsking.compareAndSet(false, true)) {
            ask(leader, conf.getCurrentPeers(), info.getCurrentTerm(), last);
        }
    }

    private boolean isDue(long silentMillis, RaftPeerId leader) {
        List<RaftPeerId> voters =
                division.getRaftConf().getCurrentPeers().stream().map(RaftPeer::getId).toList();
        return silentMillis >= dueMillis(silence, server.getId(), leader, voters);
    }

    /**
     * After which silence of the leader a follower stands, in milliseconds; never if it has no
     * vote.
     */
    static long dueMillis(
            Duration silence, RaftPeerId self, RaftPeerId leader, Collection<RaftPeerId> voters) {
        if (!voters.contains(self)) {
            return Long.MAX_VALUE;
        }
        String name = self.toString();
        long before =
                voters.stream()
                        .filter(voter -> !voter.equals(leader))
                        .filter(voter -> voter.toString().compareTo(name) < 0)
                        .count();
        return silence.plus(TURN.multipliedBy(before)).toMillis();
    }

    private void ask(RaftPeerId leader, Collection<RaftPeer> voters, long term, TermIndex last) {
        AtomicInteger votes = new AtomicInteger(1);
        int majority = voters.size() / 2 + 1;
        List<RaftPeerId> others =
                voters.stream()
                        .map(RaftPeer::getId)
                        .filter(voter -> !voter.equals(leader) && !voter.equals(server.getId()))
                        .toList();
        AtomicInteger open = new AtomicInteger(others.size());
        if (others.isEmpty()) {
            isAsking.set(false); // of two voters the other must be there
        }
        for (RaftPeerId other : others) {
            Thread.ofVirtual()
                    .name("metadata-prevote-" + other)
                    .start(() -> {
                        if (isGranted(other, term, last) && votes.incrementAndGet() == majority) {
                            stand(leader, last);
                        }
                        if (open.decrementAndGet() == 0) {
                            isAsking.set(false);
                        }
                    });
        }
    }

    private boolean isGranted(RaftPeerId voter, long term, TermIndex last) {
        try {
            return server.getServerRpc()
                    .requestVote(
                            RequestVoteRequestProto.newBuilder()
                                    .setServerRequest(from(server.getId(), voter))
                                    .setCandidateTerm(term)
                                    .setCandidateLastEntry(last.toProto())
                                    .setPreVote(true)
                                    .build())
                    .getServerReply()
                    .getSuccess();
        } catch (IOException | RuntimeException e) {
            LOG.debug("no vote of {}: {}", voter, e.toString());
            return false;
        }
    }

    /** In the leader's name, as if it had handed over; refused if another has taken its place. */
    private void stand(RaftPeerId leader, TermIndex last) {
        LOG.info("{} is silent, {} stands for election", leader, server.getId());
        try {
            server.startLeaderElection(
                    StartLeaderElectionRequestProto.newBuilder()
                            .setServerRequest(from(leader, server.getId()))
                            .setLeaderLastEntry(last.toProto())
                            .build());
        } catch (IOException | RuntimeException e) {
            LOG.info("it does not stand: {}", e.toString());
        }
    }

    private RaftRpcRequestProto from(RaftPeerId requestor, RaftPeerId to) {
        return RaftRpcRequestProto.newBuilder()
                .setRequestorId(requestor.toByteString())
                .setReplyId(to.toByteString())
                .setRaftGroupId(
                        RaftGroupIdProto.newBuilder()
                                .setId(division.getMemberId().getGroupId().toByteString()))
                .build();
    }
}
