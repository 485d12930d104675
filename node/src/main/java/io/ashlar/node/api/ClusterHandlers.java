package io.ashlar.node.api;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.Space;
import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.node.api.ApiViews.Health;
import java.util.List;
import java.util.Map;

/** Requests that read: status, nodes, placement groups. They answer without a leader too. */
final class ClusterHandlers {
    private final ControlAccess control;
    private final LocalNode local;
    private final Peers peers;

    ClusterHandlers(ControlAccess control, LocalNode local, Peers peers) {
        this.control = control;
        this.local = local;
        this.peers = peers;
    }

    /** The nodes' answers; this node's own needs no network. */
    Map<NodeId, ApiViews.Local> answers(ControlState state) {
        NodeId self = local.self().node();
        List<NodeRecord> others =
                state.nodes().values().stream().filter(n -> !n.id().equals(self)).toList();
        Map<NodeId, ApiViews.Local> answers = peers.ask(others);
        answers.put(self, local());
        return answers;
    }

    ClusterViews views(ControlState state) {
        return new ClusterViews(state, answers(state), local.voters());
    }

    ApiViews.Local local() {
        ControlState state = control.newest();
        return new ApiViews.Local(
                state.clusterId(),
                local.self().node().value(),
                HealthRules.hex(local.self().incarnation()),
                control.isInTouch(),
                control.isLeader(),
                local.isReady(),
                state.index(),
                local.devices().stream().map(this::device).toList(),
                ScrubHandlers.view(local.scrubs(), state));
    }

    private ApiViews.Device device(LocalDevice device) {
        Space space = device.device().map(ChunkDevice::space).orElse(null);
        String failure =
                device.failure()
                        .or(() -> device.device().flatMap(ChunkDevice::failure))
                        .orElse(null);
        return new ApiViews.Device(
                device.id().value(),
                space == null ? null : space.capacityBytes(),
                space == null ? null : space.usedBytes(),
                space != null && space.writable() && failure == null,
                space != null
                        && space.usedBytes()
                                >= space.capacityBytes() / 100.0 * local.nearlyFullPercent(),
                failure,
                device.directory().toString(),
                space == null ? null : space.fileSystem().usedBytes(),
                space == null ? null : space.fileSystem().freeBytes());
    }

    ApiViews.Status status() {
        ControlState state = control.newest();
        Map<NodeId, ApiViews.Local> answers = answers(state);
        ClusterViews views = new ClusterViews(state, answers, local.voters());
        ApiViews.Groups groups = views.groups();
        Health health =
                !control.isInTouch() || groups.unavailable() > 0 || groups.total() == 0
                        ? Health.UNAVAILABLE
                        : groups.degraded() > 0 ? Health.DEGRADED : Health.HEALTHY;
        Integer leader =
                answers.values().stream()
                        .filter(ApiViews.Local::leader)
                        .map(ApiViews.Local::node)
                        .findFirst()
                        .orElse(null);
        return new ApiViews.Status(
                state.clusterId(),
                local.targetName(),
                health,
                local.self().node().value(),
                control.isInTouch(),
                leader,
                local.term(),
                state.index(),
                views.nodes(),
                views.pools(),
                groups,
                views.volumes(),
                views.space(),
                views.warnings(),
                state.jobs().open().map(job -> JobHandlers.view(state, job)).toList());
    }

    List<ApiViews.Node> nodes() {
        return views(control.newest()).nodes();
    }

    ApiViews.Node node(String text) {
        ControlState state = control.newest();
        return views(state).node(named(state, text));
    }

    static NodeRecord named(ControlState state, String text) {
        for (NodeRecord node : state.nodes().values()) {
            if (text.equals(Integer.toString(node.id().value()))) {
                return node;
            }
        }
        throw ApiException.notFound(
                "there is no node '" + text + "'", "list the nodes with 'ashlar node list'");
    }

    List<ApiViews.Group> groups() {
        return views(control.newest()).groupList();
    }
}
