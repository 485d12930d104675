package io.ashlar.node.api;

import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Limits;
import io.ashlar.metadata.Planner;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Requests about pools. */
final class PoolHandlers {
    private static final int GROUPS_DEFAULT = 64;
    private static final int REPLICAS_DEFAULT = 3;

    private final ControlAccess control;

    PoolHandlers(ControlAccess control) {
        this.control = control;
    }

    List<ApiViews.Pool> list() {
        return views(control.newest());
    }

    ApiViews.Pool show(String name) {
        return named(control.newest(), name);
    }

    /**
     * Creates a pool. Its groups are spread over the nodes as they are now; with fewer failure
     * domains than replicas they get the others when there are more nodes.
     */
    ApiViews.Pool create(ApiViews.CreatePool request) {
        String name = request.name();
        if (name == null || name.isBlank()) {
            throw ApiException.invalid("'name' is missing", "give the pool's name");
        }
        int groups = request.placementGroups() == null ? GROUPS_DEFAULT : request.placementGroups();
        int replicas = request.replicas() == null ? REPLICAS_DEFAULT : request.replicas();
        int inSyncMin =
                request.inSyncMin() == null ? Math.max(1, replicas - 1) : request.inSyncMin();
        if (groups < 1 || groups > Limits.GROUPS_PER_POOL_MAX) {
            throw ApiException.invalid(
                    groups + " placement groups",
                    "give a power of two up to " + Limits.GROUPS_PER_POOL_MAX);
        }
        if (replicas < 1 || replicas > Limits.REPLICAS_MAX) {
            throw ApiException.invalid(
                    replicas + " replicas",
                    "give 1 to " + Limits.REPLICAS_MAX + ", 2 or 3 usually");
        }
        ControlState state = control.newest();
        List<Command.Placement> placements;
        try {
            placements = Planner.place(groups, replicas, state.nodes().values());
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(
                    "pool " + name + " has no place: " + e.getMessage(),
                    "uncordon a node, or add one with a data device");
        }
        control.submit(new Command.CreatePool(name, replicas, inSyncMin, placements));
        return named(control.current(), name);
    }

    private static ApiViews.Pool named(ControlState state, String name) {
        for (ApiViews.Pool pool : views(state)) {
            if (pool.name().equals(name)) {
                return pool;
            }
        }
        throw ApiException.notFound(
                "there is no pool '" + name + "'", "list the pools with 'ashlar pool list'");
    }

    private static List<ApiViews.Pool> views(ControlState state) {
        return new ClusterViews(state, Map.of(), Set.of()).pools();
    }
}
