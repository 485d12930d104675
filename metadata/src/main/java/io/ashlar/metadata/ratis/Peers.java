package io.ashlar.metadata.ratis;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Voter;
import java.util.Collection;
import java.util.List;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/** Our names of nodes, and Ratis's. */
final class Peers {
    private static final String PREFIX = "node";

    private Peers() {}

    static RaftPeerId id(NodeId node) {
        return RaftPeerId.valueOf(PREFIX + node.value());
    }

    static NodeId node(RaftPeerId id) {
        return new NodeId(Integer.parseInt(id.toString().substring(PREFIX.length())));
    }

    static List<RaftPeer> toRatis(Collection<Voter> voters) {
        return voters.stream()
                .map(voter ->
                        RaftPeer.newBuilder()
                                .setId(id(voter.node()))
                                .setAddress(voter.raftAddress())
                                .build())
                .toList();
    }

    /** A node that follows without a vote. */
    static RaftPeer listener(Voter node) {
        return RaftPeer.newBuilder()
                .setId(id(node.node()))
                .setAddress(node.raftAddress())
                .setStartupRole(RaftPeerRole.LISTENER)
                .build();
    }

    static List<Voter> fromRatis(Collection<RaftPeer> peers) {
        return peers.stream()
                .map(peer -> new Voter(node(peer.getId()), peer.getAddress()))
                .sorted((a, b) -> a.node().compareTo(b.node()))
                .toList();
    }
}
