package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.MoveResult.Code;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Requests that move volumes, and what their fences left. */
final class FenceHandlers {
    /** Longer than the move's own limits, which come first. */
    private static final int MOVE_SECONDS = 30;

    private static final double NANOS_PER_MILLI = 1e6;

    private final ControlAccess control;
    private final LocalNode local;
    private final Peers peers;

    FenceHandlers(ControlAccess control, LocalNode local, Peers peers) {
        this.control = control;
        this.local = local;
        this.peers = peers;
    }

    // ---- moves

    ApiViews.Moved move(String name, ApiViews.MoveVolume request) {
        Integer node = request.node();
        if (node == null || node < 1 || node > 65_535) {
            throw ApiException.invalid(
                    node == null ? "'node' is missing" : "node " + node,
                    "give the number of a node; 'ashlar node list' shows them");
        }
        VolumeRecord volume = VolumeHandlers.named(control.current(), name);
        var done = new CompletableFuture<MoveResult>();
        local.moves().move(volume.id(), new NodeId(node), Runnable::run, done::complete);
        MoveResult result = await(done);
        return switch (result.code()) {
            case MOVED ->
                    new ApiViews.Moved(
                            name, volume.owner().node().value(), node, result.accessEpoch());
            case ALREADY_OWNER ->
                    throw conflict(
                            "already_owner",
                            "node " + node + " owns volume " + name + " already",
                            "nothing is to be done");
            case IN_PROGRESS ->
                    throw conflict(
                            "move_in_progress",
                            "another move of volume " + name + " is under way",
                            "wait for its end; it takes a second at most");
            case NO_SUCH_VOLUME ->
                    throw ApiException.notFound(
                            "volume " + name + " was deleted meanwhile", "nothing is to be done");
            case NO_SUCH_NODE ->
                    throw ApiException.notFound(
                            "there is no node '" + node + "'",
                            "list the nodes with 'ashlar node list'");
            case NOT_ACTIVE ->
                    throw conflict(
                            "not_active",
                            "node " + node + " takes no volumes: it is cordoned or being drained",
                            "take that back, or choose another node");
            case SILENT ->
                    throw conflict(
                            "node_silent",
                            "the owner of volume " + name + " does not hear node " + node,
                            "start that node, or choose another");
            case NOT_READY ->
                    throw conflict(
                            "not_ready",
                            "node "
                                    + node
                                    + " did not take volume "
                                    + name
                                    + detail(result)
                                    + "; its owner goes on",
                            "see whether the nodes reach each other, and try again");
            case NOT_DRAINED ->
                    throw conflict(
                            "not_drained",
                            "volume "
                                    + name
                                    + " has commands that take too long"
                                    + detail(result)
                                    + "; its owner goes on",
                            "see with 'ashlar status' whether placement groups are unavailable,"
                                    + " and try again");
            case REJECTED ->
                    throw conflict(
                            "rejected",
                            "the control plane refused the move" + detail(result),
                            "look at 'ashlar volume show " + name + "', and try again");
            case GIVEN_UP ->
                    throw conflict(
                            "given_up",
                            "the move took too long and was given up; the owner goes on",
                            "see with 'ashlar status' whether a leader stands, and try again");
            case OVERTAKEN ->
                    throw conflict(
                            "overtaken",
                            "volume " + name + " got another owner meanwhile",
                            "look at 'ashlar volume show " + name + "', and decide again");
            case NOT_SERVING, UNKNOWN -> throw unknown(name);
        };
    }

    private static String detail(MoveResult result) {
        return result.detail().isEmpty() ? "" : " (" + result.detail() + ")";
    }

    private static ApiException conflict(String code, String message, String remedy) {
        return new ApiException(409, code, message, remedy);
    }

    private static ApiException unknown(String name) {
        return new ApiException(
                503,
                "unknown_outcome",
                "nobody said in time what became of the move of volume " + name,
                "look at 'ashlar volume show " + name + "' before you try again");
    }

    private static MoveResult await(CompletableFuture<MoveResult> done) {
        try {
            return done.get(MOVE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new MoveResult(Code.UNKNOWN, 0, "");
        } catch (TimeoutException e) {
            return new MoveResult(Code.UNKNOWN, 0, "");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    // ---- evidence

    /** What all nodes that answer have kept of a volume, by access epoch. */
    ApiViews.FenceProof proof(String name) {
        ControlState state = control.newest();
        VolumeRecord volume = VolumeHandlers.named(state, name);
        Map<NodeId, ApiViews.FenceProof> answers = ask(state, volume.id());
        List<ApiViews.OwnerChange> changes = new ArrayList<>();
        List<ApiViews.IngressSwitch> switches = new ArrayList<>();
        long refused = 0;
        for (ApiViews.FenceProof answer : answers.values()) {
            changes.addAll(answer.ownerChanges());
            switches.addAll(answer.ingressSwitches());
            refused += answer.refused();
        }
        changes.sort(Comparator.comparing(ApiViews.OwnerChange::accessEpoch));
        switches.sort(
                Comparator.comparing(ApiViews.IngressSwitch::accessEpoch)
                        .thenComparing(ApiViews.IngressSwitch::mark));
        return new ApiViews.FenceProof(
                name,
                answers.keySet().stream().map(NodeId::value).toList(),
                refused,
                changes,
                switches);
    }

    /** How many parts of commands for a volume the nodes that answer have refused. */
    long refused(ControlState state, VolumeId volume) {
        return ask(state, volume).values().stream().mapToLong(ApiViews.FenceProof::refused).sum();
    }

    private Map<NodeId, ApiViews.FenceProof> ask(ControlState state, VolumeId volume) {
        NodeId self = local.self().node();
        List<NodeRecord> others =
                state.nodes().values().stream().filter(n -> !n.id().equals(self)).toList();
        Map<NodeId, ApiViews.FenceProof> answers =
                new TreeMap<>(
                        peers.get(
                                others,
                                "/v1/local/volumes/" + volume.value() + "/fence-proof",
                                ApiViews.FenceProof.class));
        answers.put(self, localProof(volume));
        return answers;
    }

    /** What this node has kept. */
    ApiViews.FenceProof localProof(String id) {
        try {
            return localProof(new VolumeId(Long.parseLong(id)));
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(
                    "'" + id + "' is no id of a volume", "give a number above 0");
        }
    }

    private ApiViews.FenceProof localProof(VolumeId volume) {
        List<ApiViews.OwnerChange> changes = new ArrayList<>();
        List<ApiViews.IngressSwitch> switches = new ArrayList<>();
        for (FenceCertificate certificate : local.moves().certificates(volume)) {
            switch (certificate) {
                case FenceCertificate.OwnerChange change -> changes.add(view(change));
                case FenceCertificate.IngressSwitch change -> switches.add(view(change));
            }
        }
        return new ApiViews.FenceProof(
                Long.toString(volume.value()),
                List.of(local.self().node().value()),
                local.moves().counters().refusedByVolume().getOrDefault(volume, 0L),
                changes,
                switches);
    }

    private ApiViews.OwnerChange view(FenceCertificate.OwnerChange change) {
        FenceCertificate.Times times = change.times();
        long start = times.requested();
        return new ApiViews.OwnerChange(
                change.accessEpoch(),
                change.formerEpoch(),
                change.cause().name(),
                change.former() == null ? "" : change.former().toString(),
                change.owner().toString(),
                change.ticketsTaken(),
                change.drained(),
                change.held(),
                change.heldHere(),
                time(start),
                millis(times.held() - start),
                millis(times.drained() - start),
                millis(times.committed() - start),
                millis(times.installed() - start),
                millis(times.serving() - start),
                millis(change.pauseNanos()),
                change.confirmations().stream()
                        .map(c ->
                                new ApiViews.Confirmation(
                                        c.group(),
                                        c.primary().toString(),
                                        c.leadEpoch(),
                                        millis(c.nanos() - start)))
                        .toList());
    }

    private ApiViews.IngressSwitch view(FenceCertificate.IngressSwitch change) {
        return new ApiViews.IngressSwitch(
                change.accessEpoch(),
                change.host(),
                change.former().toString(),
                change.ingress().toString(),
                change.mark(),
                change.drained(),
                millis(change.waitedNanos()),
                time(change.nanos()));
    }

    private static double millis(long nanos) {
        return Math.round(nanos / NANOS_PER_MILLI * 1000) / 1000.0;
    }

    /** Certificates are dated by a clock that knows no calendar. */
    private String time(long nanos) {
        long agoMillis = (local.clockNanos() - nanos) / 1_000_000;
        return Instant.now().minusMillis(agoMillis).toString();
    }
}
