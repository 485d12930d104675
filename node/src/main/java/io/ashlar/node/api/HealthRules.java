package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import io.ashlar.node.api.ApiViews.Health;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a placement group's configuration and the nodes that answer say about its health. */
final class HealthRules {
    /** A group's health, and the reason unless it is healthy. */
    record Verdict(Health health, @Nullable String reason) {}

    private final ControlState state;
    private final Map<NodeId, ApiViews.Local> answers;

    HealthRules(ControlState state, Map<NodeId, ApiViews.Local> answers) {
        this.state = state;
        this.answers = answers;
    }

    /** Whether the node's registered process answered. */
    boolean isUp(NodeRecord node) {
        ApiViews.Local answer = answers.get(node.id());
        return answer != null && answer.incarnation().equals(hex(node.incarnation()));
    }

    static String hex(long incarnation) {
        return Long.toHexString(incarnation);
    }

    /** Whether this member's very process is registered and answered, and its device works. */
    private boolean isLive(Member member) {
        NodeRecord node = state.nodes().get(member.node());
        return node != null
                && node.incarnation() == member.incarnation()
                && isUp(node)
                && !hasFailed(member);
    }

    private boolean hasFailed(Member member) {
        ApiViews.Local answer = answers.get(member.node());
        return answer != null
                && answer.devices().stream()
                        .anyMatch(device ->
                                device.failure() != null
                                        && device.id().equals(member.device().value()));
    }

    Verdict of(PgConfig group) {
        Pool pool = state.pools().get(group.id().pool());
        int wanted = pool == null ? 1 : pool.replicas();
        int inSyncMin = pool == null ? 1 : pool.inSyncMin();
        Member primary = group.members().get(group.primary());
        if (primary == null || !isLive(primary)) {
            return new Verdict(
                    Health.UNAVAILABLE,
                    "primary node "
                            + group.primary().value()
                            + (primary != null && hasFailed(primary)
                                    ? " has lost its device"
                                    : " is down"));
        }
        long live = group.members().values().stream().filter(this::isLive).count();
        if (live < inSyncMin) {
            return new Verdict(
                    Health.UNAVAILABLE,
                    live + " of " + wanted + " copies in sync, writes need " + inSyncMin);
        }
        if (live < wanted) {
            return new Verdict(Health.DEGRADED, live + " of " + wanted + " copies in sync");
        }
        return new Verdict(Health.HEALTHY, null);
    }

    static Health worse(Health one, Health other) {
        return one.compareTo(other) >= 0 ? one : other;
    }
}
