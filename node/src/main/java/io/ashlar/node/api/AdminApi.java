package io.ashlar.node.api;

import io.ashlar.common.RandomSource;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.MetadataClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The administration interface without its transport: a table of routes. It blocks, so it runs on
 * virtual threads. Changes wait for their outcome; what they answer can be read at once by any
 * node.
 */
public final class AdminApi {
    private static final Logger LOG = LoggerFactory.getLogger(AdminApi.class);

    private interface Handler {
        ApiResponse handle(ApiRequest request, Map<String, String> path);
    }

    private record Route(String method, List<String> pattern, Handler handler) {}

    private final List<Route> routes = new ArrayList<>();

    public AdminApi(MetadataClient metadata, LocalNode local, Peers peers, RandomSource random) {
        ControlAccess control = new ControlAccess(metadata);
        ClusterHandlers cluster = new ClusterHandlers(control, local, peers);
        FenceHandlers fences = new FenceHandlers(control, local, peers);
        Stamps stamps = new Stamps(local);
        NodeHandlers nodes = new NodeHandlers(control, cluster, local, stamps);
        VolumeHandlers volumes = new VolumeHandlers(control, cluster, fences, random);
        HostHandlers hosts = new HostHandlers(control);
        DigestHandler digest = new DigestHandler(local);

        get("/v1/status", (r, p) -> ApiResponse.ok(cluster.status()));
        get("/v1/local", (r, p) -> ApiResponse.ok(cluster.local()));
        get("/v1/nodes", (r, p) -> ApiResponse.ok(cluster.nodes()));
        get("/v1/nodes/{node}", (r, p) -> ApiResponse.ok(cluster.node(of(p, "node"))));
        add(
                "PUT",
                "/v1/nodes/{node}/state",
                (r, p) ->
                        ApiResponse.ok(
                                nodes.wish(
                                        of(p, "node"), r.body(ApiViews.NodeState.class).parsed())));
        add(
                "POST",
                "/v1/nodes/{node}/replace",
                (r, p) ->
                        ApiResponse.ok(
                                nodes.replace(of(p, "node"), r.body(ApiViews.ReplaceNode.class))));
        add(
                "PUT",
                "/v1/nodes/{node}/settings",
                (r, p) ->
                        ApiResponse.ok(
                                nodes.set(of(p, "node"), r.body(ApiViews.NodeSettings.class))));
        add(
                "DELETE",
                "/v1/nodes/{node}",
                (r, p) -> {
                    nodes.remove(of(p, "node"));
                    return ApiResponse.empty();
                });
        PoolHandlers pools = new PoolHandlers(control);
        get("/v1/pools", (r, p) -> ApiResponse.ok(pools.list()));
        add(
                "POST",
                "/v1/pools",
                (r, p) -> ApiResponse.created(pools.create(r.body(ApiViews.CreatePool.class))));
        get("/v1/pools/{pool}", (r, p) -> ApiResponse.ok(pools.show(of(p, "pool"))));
        get("/v1/placement-groups", (r, p) -> ApiResponse.ok(cluster.groups()));
        get(
                "/v1/placement-groups/{group}/digest",
                (r, p) -> ApiResponse.ok(digest.digests(of(p, "group"), r)));

        DeviceHandlers devices = new DeviceHandlers(control, local, peers);
        add(
                "POST",
                "/v1/nodes/{node}/devices/{device}/replace",
                (r, p) ->
                        devices.replace(
                                of(p, "node"),
                                of(p, "device"),
                                r.body(ApiViews.ReplaceDevice.class)));

        ScrubHandlers scrub = new ScrubHandlers(control, cluster);
        get("/v1/scrub", (r, p) -> ApiResponse.ok(scrub.state()));

        addJobs(new JobHandlers(control, cluster, stamps), new SettingsHandlers(control));

        get("/v1/volumes", (r, p) -> ApiResponse.ok(volumes.list()));
        add(
                "POST",
                "/v1/volumes",
                (r, p) -> ApiResponse.created(volumes.create(r.body(ApiViews.CreateVolume.class))));
        get("/v1/volumes/{volume}", (r, p) -> ApiResponse.ok(volumes.show(of(p, "volume"))));
        add(
                "PATCH",
                "/v1/volumes/{volume}",
                (r, p) ->
                        ApiResponse.ok(
                                volumes.resize(
                                        of(p, "volume"), r.body(ApiViews.ResizeVolume.class))));
        add(
                "DELETE",
                "/v1/volumes/{volume}",
                (r, p) -> {
                    volumes.delete(of(p, "volume"));
                    return ApiResponse.empty();
                });

        add(
                "DELETE",
                "/v1/volumes/{volume}/reservations",
                (r, p) -> {
                    volumes.clearReservations(of(p, "volume"));
                    return ApiResponse.empty();
                });

        add(
                "POST",
                "/v1/volumes/{volume}/move",
                (r, p) ->
                        ApiResponse.ok(
                                fences.move(of(p, "volume"), r.body(ApiViews.MoveVolume.class))));
        get(
                "/v1/volumes/{volume}/fence-proof",
                (r, p) -> ApiResponse.ok(fences.proof(of(p, "volume"))));
        get(
                "/v1/local/volumes/{id}/fence-proof",
                (r, p) -> ApiResponse.ok(fences.localProof(of(p, "id"))));

        get("/v1/hosts", (r, p) -> ApiResponse.ok(hosts.list()));
        add(
                "POST",
                "/v1/hosts",
                (r, p) -> ApiResponse.created(hosts.create(r.body(ApiViews.CreateHost.class))));
        get("/v1/hosts/{host}", (r, p) -> ApiResponse.ok(hosts.show(of(p, "host"))));
        add(
                "DELETE",
                "/v1/hosts/{host}",
                (r, p) -> {
                    hosts.delete(of(p, "host"));
                    return ApiResponse.empty();
                });
        add(
                "PUT",
                "/v1/hosts/{host}/chap",
                (r, p) ->
                        ApiResponse.ok(
                                hosts.setChap(of(p, "host"), r.body(ApiViews.HostChap.class))));
        add(
                "DELETE",
                "/v1/hosts/{host}/chap",
                (r, p) -> ApiResponse.ok(hosts.removeChap(of(p, "host"))));
        get("/v1/mappings", (r, p) -> ApiResponse.ok(hosts.mappings()));
        add(
                "PUT",
                "/v1/hosts/{host}/volumes/{volume}",
                (r, p) ->
                        ApiResponse.ok(
                                hosts.map(
                                        of(p, "host"),
                                        of(p, "volume"),
                                        r.body(ApiViews.MapVolume.class))));
        add(
                "DELETE",
                "/v1/hosts/{host}/volumes/{volume}",
                (r, p) -> {
                    hosts.unmap(of(p, "host"), of(p, "volume"));
                    return ApiResponse.empty();
                });

        addHostGroups(new HostGroupHandlers(control));

        get(
                "/metrics",
                (r, p) ->
                        new ApiResponse(
                                200,
                                "text/plain; version=0.0.4; charset=utf-8",
                                local.metrics().getBytes(StandardCharsets.UTF_8)));
    }

    private void addHostGroups(HostGroupHandlers groups) {
        get("/v1/host-groups", (r, p) -> ApiResponse.ok(groups.list()));
        add(
                "POST",
                "/v1/host-groups",
                (r, p) ->
                        ApiResponse.created(groups.create(r.body(ApiViews.CreateHostGroup.class))));
        get("/v1/host-groups/{group}", (r, p) -> ApiResponse.ok(groups.show(of(p, "group"))));
        add(
                "DELETE",
                "/v1/host-groups/{group}",
                (r, p) -> {
                    groups.delete(of(p, "group"));
                    return ApiResponse.empty();
                });
        add(
                "PUT",
                "/v1/host-groups/{group}/hosts/{host}",
                (r, p) -> ApiResponse.ok(groups.add(of(p, "group"), of(p, "host"))));
        add(
                "DELETE",
                "/v1/host-groups/{group}/hosts/{host}",
                (r, p) -> {
                    groups.remove(of(p, "group"), of(p, "host"));
                    return ApiResponse.empty();
                });
        add(
                "PUT",
                "/v1/host-groups/{group}/volumes/{volume}",
                (r, p) ->
                        ApiResponse.ok(
                                groups.map(
                                        of(p, "group"),
                                        of(p, "volume"),
                                        r.body(ApiViews.MapVolume.class))));
        add(
                "DELETE",
                "/v1/host-groups/{group}/volumes/{volume}",
                (r, p) -> {
                    groups.unmap(of(p, "group"), of(p, "volume"));
                    return ApiResponse.empty();
                });
    }

    private void addJobs(JobHandlers jobs, SettingsHandlers settings) {
        get("/v1/jobs", (r, p) -> ApiResponse.ok(jobs.list()));
        get("/v1/jobs/{job}", (r, p) -> ApiResponse.ok(jobs.show(of(p, "job"))));
        add(
                "POST",
                "/v1/jobs",
                (r, p) -> ApiResponse.created(jobs.start(r.body(ApiViews.StartJob.class))));
        for (Command.ChangeJob.Wish wish : Command.ChangeJob.Wish.values()) {
            add(
                    "POST",
                    "/v1/jobs/{job}/" + wish.name().toLowerCase(Locale.ROOT),
                    (r, p) -> ApiResponse.ok(jobs.change(of(p, "job"), wish)));
        }
        get("/v1/settings", (r, p) -> ApiResponse.ok(settings.show()));
        add(
                "PATCH",
                "/v1/settings",
                (r, p) -> ApiResponse.ok(settings.change(r.body(ApiViews.Settings.class))));
    }

    private static String of(Map<String, String> path, String name) {
        return path.getOrDefault(name, "");
    }

    private void get(String pattern, Handler handler) {
        add("GET", pattern, handler);
    }

    private void add(String method, String pattern, Handler handler) {
        routes.add(new Route(method, List.of(pattern.split("/", -1)), handler));
    }

    /** Every route as {@code METHOD /path}, for documentation and its test. */
    List<String> routes() {
        return routes.stream().map(r -> r.method() + " " + String.join("/", r.pattern())).toList();
    }

    /** Answers a request; it never throws. */
    ApiResponse handle(ApiRequest request) {
        try {
            return dispatch(request);
        } catch (ApiException e) {
            return ApiResponse.json(e.status(), e.failure());
        } catch (RuntimeException e) {
            LOG.error("{} {} failed", request.method(), request.path(), e);
            return ApiResponse.json(
                    500,
                    new ApiViews.Failure(
                            "internal",
                            "the node failed to answer: " + e,
                            "look at the node's log; this is a bug"));
        }
    }

    private ApiResponse dispatch(ApiRequest request) {
        List<String> segments = List.of(request.path().split("/", -1));
        List<String> methods = new ArrayList<>();
        for (Route route : routes) {
            Map<String, String> parameters = match(route.pattern(), segments);
            if (parameters == null) {
                continue;
            }
            if (route.method().equals(request.method())) {
                return route.handler().handle(request, parameters);
            }
            methods.add(route.method());
        }
        if (methods.isEmpty()) {
            throw ApiException.notFound(
                    "there is nothing at " + request.path(), "see docs/api.md for what there is");
        }
        throw new ApiException(
                405,
                "method_not_allowed",
                request.method() + " is not possible at " + request.path(),
                "use " + String.join(" or ", methods));
    }

    private static @org.jspecify.annotations.Nullable Map<String, String> match(
            List<String> pattern, List<String> segments) {
        if (pattern.size() != segments.size()) {
            return null;
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i < pattern.size(); i++) {
            String expected = pattern.get(i);
            String found = segments.get(i);
            if (expected.startsWith("{")) {
                parameters.put(expected.substring(1, expected.length() - 1), found);
            } else if (!expected.equals(found)) {
                return null;
            }
        }
        return parameters;
    }
}
