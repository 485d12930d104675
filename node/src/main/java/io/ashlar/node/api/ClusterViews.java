package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HostGroup;
import io.ashlar.metadata.HostRecord;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Obstacle;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.node.api.ApiViews.Health;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Views of one control state, together with what the nodes answered. Made for one request. */
final class ClusterViews {
    private final ControlState state;
    private final Map<NodeId, ApiViews.Local> answers;
    private final Set<NodeId> voters;
    private final HealthRules health;

    /**
     * @param voters the nodes that vote in the control plane
     */
    ClusterViews(ControlState state, Map<NodeId, ApiViews.Local> answers, Set<NodeId> voters) {
        this.state = state;
        this.voters = voters;
        this.answers = answers;
        this.health = new HealthRules(state, answers);
    }

    List<ApiViews.Node> nodes() {
        return state.nodes().values().stream().map(this::node).toList();
    }

    ApiViews.Node node(NodeRecord node) {
        ApiViews.Local answer = answers.get(node.id());
        boolean up = health.isUp(node);
        int primaries = 0;
        int replicas = 0;
        int planned = 0;
        int leaving = 0;
        for (PgConfig group : state.placementGroups().values()) {
            primaries += group.primary().equals(node.id()) ? 1 : 0;
            boolean holds = group.members().containsKey(node.id());
            boolean ought = group.targets().contains(node.id());
            replicas += holds ? 1 : 0;
            planned += ought ? 1 : 0;
            leaving += holds && !ought ? 1 : 0;
        }
        long volumes =
                state.volumes().values().stream()
                        .filter(v -> v.owner().node().equals(node.id()))
                        .count();
        NodeRecord.Addresses a = node.addresses();
        List<ApiViews.Device> devices =
                up && answer != null
                        ? answer.devices()
                        : node.devices().stream().map(d -> unknown(d.value())).toList();
        return new ApiViews.Node(
                node.id().value(),
                up,
                up && answer != null && answer.inTouch(),
                up && answer != null && answer.leader(),
                HealthRules.hex(node.incarnation()),
                node.failureDomain(),
                node.weight(),
                voters.contains(node.id()),
                node.adminState().name(),
                node.settings().heir().map(NodeId::value).orElse(null),
                new ApiViews.Addresses(a.iscsi(), a.data(), a.liveness(), a.raft(), a.api()),
                primaries,
                replicas,
                (int) volumes,
                planned,
                leaving,
                obstacle(node),
                devices);
    }

    private @Nullable String obstacle(NodeRecord node) {
        String obstacle =
                node.adminState() == AdminState.DRAINING
                        ? Obstacle.of(state, node.id(), health::isUp)
                        : null;
        return obstacle == null ? null : obstacle + ", or uncordon this one";
    }

    private static ApiViews.Device unknown(UUID id) {
        return new ApiViews.Device(id, null, null, null, null, null, null, null, null);
    }

    /** What an operator should look after, beside the health of the groups. */
    List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        answers.forEach((node, answer) -> {
            for (ApiViews.Device device : answer.devices()) {
                String name = "node " + node.value() + ": device " + device.id();
                if (device.failure() != null) {
                    warnings.add(
                            name
                                    + " has failed ("
                                    + device.failure()
                                    + "); 'ashlar device replace' puts a new one in its place");
                } else if (Boolean.FALSE.equals(device.writable())) {
                    warnings.add(name + " is full, and writes are refused; delete or trim");
                } else if (Boolean.TRUE.equals(device.nearlyFull())) {
                    warnings.add(name + " is nearly full");
                }
            }
            ApiViews.NodeScrub scrub = answer.scrub();
            if (scrub != null && !scrub.unrecoverable().isEmpty()) {
                warnings.add(
                        "node "
                                + node.value()
                                + ": "
                                + scrub.unrecoverable().size()
                                + " blocks have no intact copy; 'ashlar scrub status' names them");
            }
            if (scrub != null && scrub.inconsistent() > 0) {
                warnings.add(
                        "node "
                                + node.value()
                                + ": "
                                + scrub.inconsistent()
                                + " blocks had intact copies that differed, which must never be;"
                                + " keep the node's log");
            }
        });
        return warnings;
    }

    List<ApiViews.Pool> pools() {
        return state.pools().values().stream()
                .map(pool ->
                        new ApiViews.Pool(
                                pool.id(),
                                pool.name(),
                                pool.pgCount(),
                                pool.replicas(),
                                pool.inSyncMin(),
                                (int)
                                        state.volumes().values().stream()
                                                .filter(v -> v.pool() == pool.id())
                                                .count()))
                .toList();
    }

    List<ApiViews.Group> groupList() {
        return state.placementGroups().values().stream()
                .map(group -> {
                    HealthRules.Verdict verdict = health.of(group);
                    return new ApiViews.Group(
                            group.id().toString(),
                            verdict.health(),
                            verdict.reason(),
                            group.epoch(),
                            group.primary().value(),
                            group.members().keySet().stream().map(NodeId::value).toList(),
                            group.targets().stream().map(NodeId::value).toList());
                })
                .toList();
    }

    ApiViews.Groups groups() {
        int[] counts = new int[Health.values().length];
        SortedMap<String, Integer> reasons = new TreeMap<>();
        for (PgConfig group : state.placementGroups().values()) {
            HealthRules.Verdict verdict = health.of(group);
            counts[verdict.health().ordinal()]++;
            if (verdict.reason() != null) {
                reasons.merge(verdict.reason(), 1, Integer::sum);
            }
        }
        return new ApiViews.Groups(
                state.placementGroups().size(), counts[0], counts[1], counts[2], reasons);
    }

    ApiViews.Space space() {
        long capacity = 0;
        long used = 0;
        for (ApiViews.Local answer : answers.values()) {
            for (ApiViews.Device device : answer.devices()) {
                capacity += device.capacityBytes() == null ? 0 : device.capacityBytes();
                used += device.usedBytes() == null ? 0 : device.usedBytes();
            }
        }
        return new ApiViews.Space(capacity, used);
    }

    List<ApiViews.Volume> volumes() {
        return state.volumes().values().stream().map(v -> volume(v, null)).toList();
    }

    /**
     * @param refused see {@link ApiViews.Volume}
     */
    ApiViews.Volume volume(VolumeRecord volume, @Nullable Long refused) {
        Pool pool = state.pools().get(volume.pool());
        int pgCount = pool == null ? 0 : pool.pgCount();
        long chunks = volume.chunkCount();
        SortedMap<Integer, Long> primaries = new TreeMap<>();
        Health worst = Health.HEALTHY;
        // The first chunks, at most one for each group, say it all: the others follow in turn.
        for (long chunk = 0; pool != null && chunk < Math.min(chunks, pgCount); chunk++) {
            PgId id = volume.placementGroup(chunk, pool);
            PgConfig group = state.placementGroups().get(id);
            if (group != null) {
                long there = (chunks - chunk + pgCount - 1) / pgCount;
                primaries.merge(group.primary().value(), there, Long::sum);
                worst = HealthRules.worse(worst, health.of(group).health());
            }
        }
        return new ApiViews.Volume(
                volume.id().value(),
                volume.name(),
                pool == null ? "" : pool.name(),
                volume.bytes(),
                volume.chunkBytes(),
                volume.logicalBlockBytes(),
                volume.identity(),
                worst,
                volume.owner().node().value(),
                volume.accessEpoch(),
                volume.anyHostLun() < 0 ? null : volume.anyHostLun(),
                mappings().stream().filter(m -> m.volume().equals(volume.name())).toList(),
                chunks,
                primaries,
                refused,
                ReservationViews.of(volume.reservations()));
    }

    List<ApiViews.Mapping> mappings() {
        List<ApiViews.Mapping> all = new ArrayList<>();
        state.mappings()
                .values()
                .forEach(ofHost ->
                        ofHost.values()
                                .forEach(m ->
                                        all.add(
                                                new ApiViews.Mapping(
                                                        m.host(),
                                                        nameOf(m.volume()),
                                                        m.lun(),
                                                        m.group().orElse(null)))));
        return all;
    }

    private String nameOf(io.ashlar.common.VolumeId id) {
        VolumeRecord volume = state.volumes().get(id);
        return volume == null ? id.toString() : volume.name();
    }

    List<ApiViews.HostGroup> hostGroups() {
        return state.hostGroups().values().stream().map(this::hostGroup).toList();
    }

    ApiViews.HostGroup hostGroup(HostGroup group) {
        List<ApiViews.GroupMapping> mappings = new ArrayList<>();
        group.volumes()
                .forEach((lun, volume) ->
                        mappings.add(new ApiViews.GroupMapping(nameOf(volume), lun)));
        return new ApiViews.HostGroup(group.name(), List.copyOf(group.hosts()), mappings);
    }

    List<ApiViews.Host> hosts() {
        return state.hosts().keySet().stream().map(this::host).toList();
    }

    private ApiViews.Chap chap(String name) {
        HostRecord host = state.hosts().get(name);
        if (host == null || host.chap().isEmpty()) {
            return ApiViews.Chap.NONE;
        }
        return host.chap().get().target().isPresent()
                ? ApiViews.Chap.MUTUAL
                : ApiViews.Chap.ONE_WAY;
    }

    ApiViews.Host host(String name) {
        return new ApiViews.Host(
                name, chap(name), mappings().stream().filter(m -> m.host().equals(name)).toList());
    }
}
