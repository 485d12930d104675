package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A node that returns is taught by all others at once, and its memory stays its own. */
class LearnShareTest {
    private static final NodeId SELF = new NodeId(3);
    private final LearnShare share = new LearnShare(SELF, 900);

    private static PgConfig group(int index, int primary, boolean isMember) {
        TreeMap<NodeId, Member> members = new TreeMap<>();
        for (int node : isMember ? new int[] {primary, SELF.value()} : new int[] {primary}) {
            NodeId id = new NodeId(node);
            members.put(id, new Member(id, 1, new UUID(1, 1), new DeviceId(new UUID(2, node))));
        }
        NodeId lead = new NodeId(primary);
        return new PgConfig(
                new PgId(1, index),
                1,
                1,
                lead,
                members,
                lead,
                new TreeSet<>(Set.of(lead, SELF)),
                1,
                1);
    }

    /** Protects a learner's memory: teachers share it, and who has nothing to teach gets none. */
    @Test
    void teachersShareWhatALearnerHasRoomFor() {
        ControlState state = ControlState.initial();
        assertThat(share.of(state)).isEqualTo(900);
        state = state.withGroup(group(0, 1, false)).withGroup(group(1, 1, false));
        assertThat(share.of(state)).isEqualTo(900);
        state = state.withGroup(group(2, 2, false)).withGroup(group(3, 4, true));
        assertThat(share.of(state)).isEqualTo(450);
        assertThat(share.of(state.withGroup(group(3, 4, false)))).isEqualTo(300);
    }
}
