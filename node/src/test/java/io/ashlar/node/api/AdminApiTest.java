package io.ashlar.node.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.node.FakeMetadata;
import io.ashlar.node.Fixtures;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.VolumeCounters;
import io.ashlar.volume.VolumeMoves;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminApiTest {
    private final FakeMetadata metadata = Fixtures.founded();
    private final Set<Integer> down = new HashSet<>();
    private final AdminApi api =
            new AdminApi(metadata, new FakeLocal(), new FakePeers(), RandomSource.seeded(1));

    private static final FakeMoves MOVES = new FakeMoves();

    /** Answers as told, with one certificate of each kind for every volume. */
    private static final class FakeMoves implements VolumeMoves {
        private final VolumeCounters counters = new VolumeCounters();
        private MoveResult result = new MoveResult(MoveResult.Code.MOVED, 2, "");

        @Override
        public void move(
                VolumeId volume, NodeId target, Executor executor, Consumer<MoveResult> done) {
            done.accept(result);
        }

        @Override
        public List<FenceCertificate> certificates(VolumeId volume) {
            ProcessId one = new ProcessId(new NodeId(1), 101);
            ProcessId two = new ProcessId(new NodeId(2), 102);
            return List.of(
                    new FenceCertificate.OwnerChange(
                            volume,
                            FenceCertificate.Cause.REQUESTED,
                            two,
                            one,
                            1,
                            2,
                            true,
                            3,
                            4,
                            5,
                            new FenceCertificate.Times(
                                    1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000,
                                    6_500_000),
                            List.of(new FenceCertificate.Confirmation(0, two, 9, 5_000_000))),
                    new FenceCertificate.IngressSwitch(
                            volume, 2, "host", one, two, 77, 1, 2_000_000, 8_000_000));
        }

        @Override
        public VolumeCounters counters() {
            return counters;
        }
    }

    private static final class FakeLocal implements LocalNode {
        @Override
        public ProcessId self() {
            return new ProcessId(new NodeId(1), 101);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public long term() {
            return 4;
        }

        @Override
        public String targetName() {
            return "iqn.2026-11.io.ashlar:test";
        }

        @Override
        public List<LocalDevice> devices() {
            return List.of();
        }

        @Override
        public DeviceId replace(DeviceId failed) {
            throw new AssertionError("there is none");
        }

        @Override
        public int nearlyFullPercent() {
            return 85;
        }

        @Override
        public List<ScrubStatus> scrubs() {
            return List.of();
        }

        @Override
        public VolumeMoves moves() {
            return MOVES;
        }

        @Override
        public long clockNanos() {
            return 7_000_000_000L;
        }

        @Override
        public Set<NodeId> voters() {
            return Set.of(new NodeId(1), new NodeId(2), new NodeId(3));
        }

        @Override
        public CompletableFuture<Void> takeOut(NodeId node) {
            return node.equals(new NodeId(5))
                    ? CompletableFuture.failedFuture(new IllegalStateException("no heir"))
                    : CompletableFuture.completedFuture(null);
        }

        @Override
        public String metrics() {
            return "ashlar_test 1\n";
        }
    }

    private final class FakePeers implements Peers {
        @Override
        public Map<NodeId, ApiViews.Local> ask(java.util.Collection<NodeRecord> nodes) {
            return answers(nodes);
        }

        @Override
        public ApiResponse post(NodeRecord node, String path, Object body, Duration timeout) {
            if (down.contains(node.id().value())) {
                throw new ApiException(503, "node_silent", "it is down", "start it");
            }
            return ApiResponse.empty();
        }
    }

    private Map<NodeId, ApiViews.Local> answers(java.util.Collection<NodeRecord> nodes) {
        Map<NodeId, ApiViews.Local> answers = new TreeMap<>();
        for (NodeRecord node : nodes) {
            if (!down.contains(node.id().value())) {
                answers.put(
                        node.id(),
                        new ApiViews.Local(
                                Fixtures.CLUSTER,
                                node.id().value(),
                                Long.toHexString(node.incarnation()),
                                true,
                                false,
                                true,
                                1,
                                List.of(),
                                null));
            }
        }
        return answers;
    }

    private ApiResponse send(String method, String path, String body) {
        return api.handle(
                new ApiRequest(method, path, Map.of(), body.getBytes(StandardCharsets.UTF_8)));
    }

    private <T> T get(String path, Class<T> type) {
        ApiResponse response = send("GET", path, "");
        assertThat(response.status()).isEqualTo(200);
        return Json.MAPPER.readValue(response.body(), type);
    }

    private ApiViews.Failure failure(ApiResponse response, int status) {
        assertThat(response.status()).isEqualTo(status);
        ApiViews.Failure failure = Json.MAPPER.readValue(response.body(), ApiViews.Failure.class);
        assertThat(failure.message()).isNotBlank();
        assertThat(failure.remedy()).isNotBlank();
        return failure;
    }

    private ApiViews.Volume create(String body) {
        ApiResponse response = send("POST", "/v1/volumes", body);
        assertThat(response.status())
                .as(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(201);
        return Json.MAPPER.readValue(response.body(), ApiViews.Volume.class);
    }

    private ApiViews.Job job(ApiResponse response, int status) {
        assertThat(response.status())
                .as(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(status);
        return Json.MAPPER.readValue(response.body(), ApiViews.Job.class);
    }

    /** Protects operators from a scrub of which nobody knows whether it goes on. */
    @Test
    void aScrubIsAJobOfAllGroups() {
        ApiViews.Job job =
                job(send("POST", "/v1/jobs", "{\"kind\": \"scrub\", \"deep\": true}"), 201);
        assertThat(job.kind()).isEqualTo("SCRUB");
        assertThat(job.deep()).isTrue();
        assertThat(job.total()).isEqualTo(64);
        assertThat(job.startedBy()).isEqualTo("operator at node 1");
        failure(send("POST", "/v1/jobs", "{\"kind\": \"SCRUB\", \"volume\": \"nosuch\"}"), 404);
        ApiViews.ScrubState state = get("/v1/scrub", ApiViews.ScrubState.class);
        assertThat(state.running()).isTrue();
        assertThat(state.groups()).isEqualTo(64);
        for (int i = 0; i < 3; i++) {
            metadata.apply(new Command.ReportScrubbed(job.id(), new PgId(1, i)));
        }
        assertThat(get("/v1/jobs/" + job.id(), ApiViews.Job.class).done()).isEqualTo(3);
    }

    /** Protects whoever waits for a drain: it can be seen, held, and called off. */
    @Test
    void jobsArePausedResumedAndCancelled() {
        ApiViews.Job job = job(send("POST", "/v1/jobs", "{\"kind\": \"DRAIN\", \"node\": 2}"), 201);
        String path = "/v1/jobs/" + job.id();
        assertThat(job.node()).isEqualTo(2);
        assertThat(get("/v1/nodes/2", ApiViews.Node.class).adminState()).isEqualTo("DRAINING");
        assertThat(job(send("POST", path + "/pause", ""), 200).state()).isEqualTo("PAUSED");
        assertThat(job(send("POST", path + "/resume", ""), 200).state()).isEqualTo("RUNNING");
        ApiViews.Job cancelled = job(send("POST", path + "/cancel", ""), 200);
        assertThat(cancelled.state()).isEqualTo("CANCELLED");
        assertThat(cancelled.endedBy()).isEqualTo("operator at node 1");
        assertThat(get("/v1/nodes/2", ApiViews.Node.class).adminState()).isEqualTo("ACTIVE");
        assertThat(failure(send("POST", path + "/pause", ""), 409).remedy())
                .contains("start another");
        assertThat(get("/v1/jobs", ApiViews.Job[].class)).hasSize(1);
        failure(send("GET", "/v1/jobs/77", ""), 404);
        failure(send("GET", "/v1/jobs/x", ""), 404);
        failure(send("POST", "/v1/jobs", "{\"kind\": \"DANCE\"}"), 400);
        failure(send("POST", "/v1/jobs", "{\"kind\": \"DRAIN\"}"), 400);
        failure(send("POST", "/v1/jobs", "{\"kind\": \"DRAIN\", \"node\": 9}"), 404);
    }

    /** Protects a node that runs from being given up; one that is gone need not be waited for. */
    @Test
    void onlyASilentNodeIsRebuilt() {
        String request = "{\"kind\": \"REBUILD\", \"node\": 3}";
        assertThat(failure(send("POST", "/v1/jobs", request), 409).message()).contains("is up");
        down.add(3);
        assertThat(job(send("POST", "/v1/jobs", request), 201).node()).isEqualTo(3);
        failure(send("POST", "/v1/jobs", request), 409);
    }

    /**
     * Protects the cluster from settings that make no sense, and what was not named from change.
     */
    @Test
    void settingsChangeOneByOne() {
        ApiViews.Settings before = get("/v1/settings", ApiViews.Settings.class);
        assertThat(before.awaySeconds()).isEqualTo(600);
        ApiResponse response = send("PATCH", "/v1/settings", "{\"awaySeconds\": 120}");
        ApiViews.Settings after = Json.MAPPER.readValue(response.body(), ApiViews.Settings.class);
        assertThat(after.awaySeconds()).isEqualTo(120);
        assertThat(after.movesPerNode()).isEqualTo(before.movesPerNode());
        assertThat(after.explicitAlua()).as("hosts move nothing by default").isFalse();
        response = send("PATCH", "/v1/settings", "{\"explicitAlua\": true}");
        after = Json.MAPPER.readValue(response.body(), ApiViews.Settings.class);
        assertThat(after.explicitAlua()).isTrue();
        assertThat(after.awaySeconds()).isEqualTo(120);
        assertThat(failure(send("PATCH", "/v1/settings", "{\"awaySeconds\": 0}"), 400).remedy())
                .contains("use 1 to");
        failure(send("PATCH", "/v1/settings", "{\"awaySeconds\": 99999999999}"), 400);
        failure(send("PATCH", "/v1/settings", "{\"movesPerNode\": 0}"), 400);
        failure(send("PATCH", "/v1/settings", "{\"copyBytesPerSecondMin\": 1}"), 400);
    }

    /** Protects what people look at first: health follows from who is up. */
    @Test
    void statusTellsHealthAndItsReasons() {
        ApiViews.Status status = get("/v1/status", ApiViews.Status.class);
        assertThat(status.health()).isEqualTo(ApiViews.Health.HEALTHY);
        assertThat(status.cluster()).isEqualTo(Fixtures.CLUSTER);
        assertThat(status.leader()).isEqualTo(1);
        assertThat(status.placementGroups().healthy()).isEqualTo(64);

        down.add(2);
        status = get("/v1/status", ApiViews.Status.class);
        assertThat(status.health()).isEqualTo(ApiViews.Health.UNAVAILABLE);
        assertThat(status.nodes().get(1).up()).isFalse();
        ApiViews.Groups groups = status.placementGroups();
        assertThat(groups.reasons())
                .containsOnlyKeys("primary node 2 is down", "2 of 3 copies in sync");
        assertThat(groups.degraded() + groups.unavailable()).isEqualTo(64);
        assertThat(groups.reasons()).containsEntry("primary node 2 is down", groups.unavailable());
    }

    /** Protects against taking a restarted process for the member that it was. */
    @Test
    void aMemberOfAnOldIncarnationIsNotInSync() {
        metadata.apply(new io.ashlar.metadata.Command.RegisterNode(Fixtures.node(3, 999)));
        ApiViews.Status status = get("/v1/status", ApiViews.Status.class);
        assertThat(status.nodes()).allMatch(ApiViews.Node::up);
        assertThat(status.placementGroups().healthy()).isZero();
    }

    /** Protects the way from a request to a volume, and its even spread over the nodes. */
    @Test
    void createsListsShowsAndDeletesAVolume() {
        ApiViews.Volume made =
                create("{\"name\": \"demo\", \"size\": \"1GiB\", \"anyHost\": true, \"lun\": 1}");
        assertThat(made.bytes()).isEqualTo(1L << 30);
        assertThat(made.chunks()).isEqualTo(256);
        assertThat(made.anyHostLun()).isEqualTo(1);
        assertThat(made.primaries().values().stream().mapToLong(n -> n).sum()).isEqualTo(256);
        assertThat(made.primaries().values()).allMatch(n -> n >= 77 && n <= 94);

        assertThat(get("/v1/volumes", ApiViews.Volume[].class))
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("refused")
                .containsExactly(made);
        assertThat(get("/v1/volumes/demo", ApiViews.Volume.class)).isEqualTo(made);
        assertThat(send("DELETE", "/v1/volumes/demo", "").status()).isEqualTo(204);
        assertThat(failure(send("GET", "/v1/volumes/demo", ""), 404).code()).isEqualTo("not_found");
    }

    /** Protects the spread of owners, which nodes that are down must not get. */
    @Test
    void givesVolumesToTheNodeThatHasFewestAndIsUp() {
        down.add(2);
        int[] owned = new int[4];
        for (int i = 0; i < 4; i++) {
            owned[create("{\"name\": \"v" + i + "\", \"bytes\": 4096}").owner()]++;
        }
        assertThat(owned).containsExactly(0, 2, 0, 2);
    }

    /** Protects hosts from two volumes at one LUN. */
    @Test
    void takesTheLowestLunThatNobodyHas() {
        assertThat(create("{\"name\": \"a\", \"bytes\": 4096, \"anyHost\": true}").anyHostLun())
                .isZero();
        assertThat(create("{\"name\": \"b\", \"bytes\": 4096, \"anyHost\": true}").anyHostLun())
                .isEqualTo(1);
        failure(
                send(
                        "POST",
                        "/v1/volumes",
                        "{\"name\": \"c\", \"bytes\": 4096, \"anyHost\": true, \"lun\": 1}"),
                409);
    }

    /** Protects the state from requests that make no sense; each is answered with a remedy. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|'name' is missing",
                "{\"name\": \"a b\", \"size\": \"1GiB\"}|'a b' is no name",
                "{\"name\": \"a\"}|neither or both of 'size' and 'bytes'",
                "{\"name\": \"a\", \"size\": \"1GB\"}|write GiB",
                "{\"name\": \"a\", \"bytes\": 4097}|a volume of 4097 bytes",
                "{\"name\": \"a\", \"bytes\": -4096}|a volume of -4096 bytes",
                "{\"name\": \"a\", \"bytes\": 4096, \"chunkBytes\": 5}|chunks of 5 bytes",
                "{\"name\": \"a\", \"bytes\": 4096, \"logicalBlockBytes\": 520}|logical blocks of",
                "{\"name\": \"a\", \"bytes\": 4096, \"anyHost\": true, \"lun\": 99999}|LUN 99999",
                "{\"name\": \"a\", \"bytes\": 4096, \"anyHost\": false, \"lun\": 1}|'lun' without",
                "{\"name\": \"a\", \"colour\": 1}|colour",
                "[]|the body is not what is expected",
                "{|the body is not what is expected",
                "null|the body is null",
            })
    void refusesVolumesThatMakeNoSense(String body, String complaint) {
        ApiViews.Failure failure = failure(send("POST", "/v1/volumes", body), 400);
        assertThat(failure.message()).contains(complaint);
        assertThat(metadata.state().volumes()).isEmpty();
    }

    /** Protects secrets: they go in, and nothing that is asked for shows them again. */
    @Test
    void aHostsSecretsAreSetAndNeverShown() {
        send("POST", "/v1/hosts", "{\"name\": \"iqn.x:h\"}");
        String path = "/v1/hosts/iqn.x:h";
        assertThat(get(path, ApiViews.Host.class).chap()).isEqualTo(ApiViews.Chap.NONE);
        ApiResponse set = send("PUT", path + "/chap", "{\"secret\": \"tell-nobody-1\"}");
        assertThat(set.status()).isEqualTo(200);
        assertThat(get(path, ApiViews.Host.class).chap()).isEqualTo(ApiViews.Chap.ONE_WAY);
        ApiResponse both =
                send(
                        "PUT",
                        path + "/chap",
                        "{\"secret\": \"tell-nobody-1\", \"mutualSecret\": \"tell-nobody-2\"}");
        assertThat(get(path, ApiViews.Host.class).chap()).isEqualTo(ApiViews.Chap.MUTUAL);
        for (ApiResponse answer :
                List.of(set, both, send("GET", path, ""), send("GET", "/v1/hosts", ""))) {
            assertThat(new String(answer.body(), StandardCharsets.UTF_8))
                    .contains("iqn.x:h")
                    .doesNotContain("nobody");
        }
        assertThat(new ApiViews.HostChap("tell-nobody-1", null).toString())
                .doesNotContain("nobody");
        assertThat(failure(send("PUT", path + "/chap", "{\"secret\": \"short\"}"), 400).message())
                .contains("12 to 128")
                .doesNotContain("short");
        failure(send("PUT", path + "/chap", "{}"), 400);
        failure(send("PUT", "/v1/hosts/nobody/chap", "{\"secret\": \"tell-nobody-1\"}"), 404);
        assertThat(send("DELETE", path + "/chap", "").status()).isEqualTo(200);
        assertThat(get(path, ApiViews.Host.class).chap()).isEqualTo(ApiViews.Chap.NONE);
    }

    /** Protects pools from what cannot be: groups, copies and their least number are looked at. */
    @Test
    void createsListsAndShowsPools() {
        ApiResponse made = send("POST", "/v1/pools", "{\"name\": \"two\", \"replicas\": 2}");
        assertThat(made.status()).isEqualTo(201);
        ApiViews.Pool pool = get("/v1/pools/two", ApiViews.Pool.class);
        assertThat(Json.MAPPER.readValue(made.body(), ApiViews.Pool.class)).isEqualTo(pool);
        assertThat(pool.placementGroups()).isEqualTo(64);
        assertThat(pool.replicas()).isEqualTo(2);
        assertThat(pool.inSyncMin()).isEqualTo(1);
        assertThat(get("/v1/pools", ApiViews.Pool[].class)).hasSize(2);
        failure(send("POST", "/v1/pools", "{\"name\": \"two\"}"), 409);
        failure(send("POST", "/v1/pools", "{}"), 400);
        for (String wrong :
                List.of(
                        "\"placementGroups\": 3",
                        "\"placementGroups\": 0",
                        "\"replicas\": 0",
                        "\"replicas\": 1000000",
                        "\"replicas\": 2, \"inSyncMin\": 3",
                        "\"inSyncMin\": 0")) {
            failure(send("POST", "/v1/pools", "{\"name\": \"wrong\", " + wrong + "}"), 400);
        }
        failure(send("GET", "/v1/pools/none", ""), 404);
    }

    /** Protects the way from a host to what it sees. */
    @Test
    void mapsVolumesToHosts() {
        create("{\"name\": \"a\", \"bytes\": 4096}");
        String host = "iqn.1993-08.org.debian:01:abc";
        assertThat(send("POST", "/v1/hosts", "{\"name\": \"" + host + "\"}").status())
                .isEqualTo(201);
        String path = "/v1/hosts/" + host + "/volumes/a";
        ApiResponse mapped = send("PUT", path, "{\"lun\": 5}");
        assertThat(Json.MAPPER.readValue(mapped.body(), ApiViews.Mapping.class))
                .isEqualTo(new ApiViews.Mapping(host, "a", 5, null));
        assertThat(get("/v1/volumes/a", ApiViews.Volume.class).mappings()).hasSize(1);
        assertThat(get("/v1/hosts/" + host, ApiViews.Host.class).mappings()).hasSize(1);
        failure(send("DELETE", "/v1/hosts/" + host, ""), 409);
        assertThat(send("DELETE", path, "").status()).isEqualTo(204);
        assertThat(send("DELETE", "/v1/hosts/" + host, "").status()).isEqualTo(204);
    }

    /** Protects the hosts of a cluster, which must see one volume under one LUN. */
    @Test
    void mapsVolumesToHostGroups() {
        create("{\"name\": \"a\", \"bytes\": 4096}");
        send("POST", "/v1/hosts", "{\"name\": \"iqn.x:h\"}");
        failure(send("POST", "/v1/host-groups", "{}"), 400);
        failure(send("GET", "/v1/host-groups/esx", ""), 404);
        assertThat(send("POST", "/v1/host-groups", "{\"name\": \"esx\"}").status()).isEqualTo(201);
        send("PUT", "/v1/host-groups/esx/hosts/iqn.x:h", "");
        ApiResponse mapped = send("PUT", "/v1/host-groups/esx/volumes/a", "{\"lun\": 5}");
        assertThat(Json.MAPPER.readValue(mapped.body(), ApiViews.GroupMapping.class))
                .isEqualTo(new ApiViews.GroupMapping("a", 5));
        assertThat(get("/v1/hosts/iqn.x:h", ApiViews.Host.class).mappings())
                .containsExactly(new ApiViews.Mapping("iqn.x:h", "a", 5, "esx"));
        assertThat(get("/v1/host-groups/esx", ApiViews.HostGroup.class).hosts())
                .containsExactly("iqn.x:h");
        failure(send("DELETE", "/v1/host-groups/esx", ""), 409);
        failure(send("DELETE", "/v1/hosts/iqn.x:h/volumes/a", ""), 409);
        assertThat(send("DELETE", "/v1/host-groups/esx/volumes/a", "").status()).isEqualTo(204);
        assertThat(send("DELETE", "/v1/host-groups/esx/hosts/iqn.x:h", "").status()).isEqualTo(204);
        assertThat(send("DELETE", "/v1/host-groups/esx", "").status()).isEqualTo(204);
        assertThat(get("/v1/host-groups", ApiViews.HostGroup[].class)).isEmpty();
    }

    /**
     * Protects an operator from a drain that never ends without a word, and from a hasty removal.
     */
    @Test
    void drainsSayWhatStandsInTheirWayAndOnlyEmptyStoppedNodesAreRemoved() {
        ApiResponse drained = send("PUT", "/v1/nodes/2/state", "{\"state\": \"DRAINING\"}");
        ApiViews.Node node = Json.MAPPER.readValue(drained.body(), ApiViews.Node.class);
        assertThat(node.adminState()).isEqualTo("DRAINING");
        assertThat(node.planned()).isEqualTo(64);
        assertThat(node.obstacle()).contains("only 2 failure domains").contains("uncordon");
        failure(send("PUT", "/v1/nodes/2/state", "{\"state\": \"GONE\"}"), 400);
        failure(send("PUT", "/v1/nodes/9/state", "{\"state\": \"ACTIVE\"}"), 404);
        assertThat(failure(send("DELETE", "/v1/nodes/2", ""), 409).message())
                .contains("64 placement groups");
        metadata.apply(new Command.RegisterNode(Fixtures.node(4, 104)));
        assertThat(failure(send("DELETE", "/v1/nodes/4", ""), 409).message())
                .contains("still runs");
        down.add(4);
        assertThat(send("DELETE", "/v1/nodes/4", "").status()).isEqualTo(204);
        failure(send("DELETE", "/v1/nodes/4", ""), 404);
    }

    /** Protects the control plane: a voter is not forgotten while nobody can take its vote. */
    @Test
    void aNodeWhoseVoteNobodyTakesIsNotRemoved() {
        metadata.apply(new Command.RegisterNode(Fixtures.node(5, 105)));
        down.add(5);
        assertThat(failure(send("DELETE", "/v1/nodes/5", ""), 409).message()).contains("no heir");
        assertThat(metadata.state().nodes()).containsKey(new NodeId(5));
    }

    /** Protects an operator's wish from a typing error, and shows what was set. */
    @Test
    void weightAndFailureDomainOfANodeAreSetAndShown() {
        ApiResponse set =
                send(
                        "PUT",
                        "/v1/nodes/2/settings",
                        "{\"weight\": 77, \"failureDomain\": \"row-b\"}");
        ApiViews.Node node = Json.MAPPER.readValue(set.body(), ApiViews.Node.class);
        assertThat(node.weight()).isEqualTo(77);
        assertThat(node.failureDomain()).isEqualTo("row-b");
        assertThat(node.voter()).isTrue();
        failure(send("PUT", "/v1/nodes/2/settings", "{}"), 400);
        ApiResponse replaced = send("POST", "/v1/nodes/2/replace", "{\"by\": 3}");
        assertThat(Json.MAPPER.readValue(replaced.body(), ApiViews.Node.class).heir()).isEqualTo(3);
        failure(send("POST", "/v1/nodes/2/replace", "{}"), 400);
        failure(send("POST", "/v1/nodes/2/replace", "{\"by\": 9}"), 404);
        failure(send("PUT", "/v1/nodes/2/settings", "{\"weight\": -1}"), 400);
        failure(send("PUT", "/v1/nodes/9/settings", "{\"weight\": 1}"), 404);
    }

    /** Protects callers from taking a change of unknown outcome for one that was refused. */
    @Test
    void saysWhenNobodyKnows() {
        metadata.inTouch = false;
        assertThat(failure(send("GET", "/v1/volumes", ""), 503).code()).isEqualTo("out_of_touch");
        assertThat(failure(send("DELETE", "/v1/hosts/x", ""), 503).code())
                .isEqualTo("unknown_outcome");
        assertThat(get("/v1/status", ApiViews.Status.class).inTouch()).isFalse();
    }

    /** Protects callers who are lost. */
    @Test
    void refusesWhatIsNotThere() {
        failure(send("GET", "/v1/nothing", ""), 404);
        failure(send("GET", "/v1/nodes/9", ""), 404);
        failure(send("GET", "/v1/placement-groups/x/digest", ""), 400);
        assertThat(failure(send("POST", "/v1/status", ""), 405).remedy()).isEqualTo("use GET");
    }

    /** Protects readers of the document: it names every route, and no other. */
    @Test
    void theDocumentNamesEveryRoute() throws IOException {
        String document = Files.readString(Path.of("../docs/api.md"));
        List<String> documented =
                document.lines()
                        .filter(line -> line.startsWith("### "))
                        .map(line -> line.substring(4))
                        .toList();
        assertThat(documented).containsExactlyInAnyOrderElementsOf(api.routes());
    }

    /** Protects the evidence: each step of a change of owner is told, dated from its beginning. */
    @Test
    void fenceProofTellsEachStep() {
        create("{\"name\":\"proven\",\"size\":\"1GiB\"}");
        MOVES.counters.refused(new VolumeId(1), VolumeCounters.Refusal.TICKET);
        ApiViews.FenceProof proof =
                get("/v1/volumes/proven/fence-proof", ApiViews.FenceProof.class);
        assertThat(proof.nodes()).containsExactly(1);
        assertThat(proof.refused()).isPositive();
        ApiViews.OwnerChange change = proof.ownerChanges().getFirst();
        assertThat(change.heldMillis()).isEqualTo(1.0);
        assertThat(change.servingMillis()).isEqualTo(5.5);
        assertThat(change.pauseMillis()).isEqualTo(4.5);
        assertThat(change.confirmations().getFirst().primary()).isEqualTo("node2#66");
        assertThat(proof.ingressSwitches().getFirst().mark()).isEqualTo(77);
        assertThat(get("/v1/volumes/proven", ApiViews.Volume.class).refused()).isPositive();
        failure(send("GET", "/v1/volumes/none/fence-proof", ""), 404);
        failure(send("GET", "/v1/local/volumes/x/fence-proof", ""), 400);
    }

    /** Protects who asks for a move: each outcome has a status, a code and a remedy. */
    @Test
    void everyOutcomeOfAMoveHasAnAnswer() {
        create("{\"name\":\"mover\",\"size\":\"1GiB\"}");
        for (MoveResult.Code code : MoveResult.Code.values()) {
            MOVES.result = new MoveResult(code, 2, "a detail");
            ApiResponse response = send("POST", "/v1/volumes/mover/move", "{\"node\":2}");
            if (code == MoveResult.Code.MOVED) {
                assertThat(response.status()).isEqualTo(200);
            } else {
                failure(response, response.status());
                assertThat(response.status()).as(code.name()).isIn(404, 409, 503);
            }
        }
        failure(send("POST", "/v1/volumes/mover/move", "{}"), 400);
        failure(send("POST", "/v1/volumes/none/move", "{\"node\":2}"), 404);
    }
}
