package io.ashlar.node.api;

import io.ashlar.chunkstore.DeviceException;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.PgConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Replaces a device that has failed; done by the node that has it, whoever is asked. */
final class DeviceHandlers {
    /** Closing the old one and formatting the new one may take so long. */
    private static final Duration REPLACE_TIMEOUT = Duration.ofSeconds(60);

    private static final int GROUPS_NAMED = 5;

    private final ControlAccess control;
    private final LocalNode local;
    private final Peers peers;

    DeviceHandlers(ControlAccess control, LocalNode local, Peers peers) {
        this.control = control;
        this.local = local;
        this.peers = peers;
    }

    ApiResponse replace(String node, String device, ApiViews.ReplaceDevice request) {
        ControlState state = control.current();
        NodeRecord record =
                state.nodes().values().stream()
                        .filter(n -> Integer.toString(n.id().value()).equals(node))
                        .findFirst()
                        .orElseThrow(() ->
                                ApiException.notFound(
                                        "there is no node '" + node + "'",
                                        "list the nodes with 'ashlar node list'"));
        DeviceId id = parse(device);
        if (!record.id().equals(local.self().node())) {
            String path = "/v1/nodes/" + record.id().value() + "/devices/" + id + "/replace";
            return peers.post(record, path, request, REPLACE_TIMEOUT);
        }
        LocalDevice found =
                local.devices().stream()
                        .filter(d -> d.id().equals(id))
                        .findFirst()
                        .orElseThrow(() ->
                                ApiException.notFound(
                                        "node " + node + " has no device " + id,
                                        "'ashlar node show " + node + "' lists its devices"));
        if (found.failure().isEmpty()) {
            throw new ApiException(
                    409,
                    "in_use",
                    "device " + id + " works",
                    "only a device that has failed is replaced; drain the node to take out one that"
                            + " works");
        }
        if (!Boolean.TRUE.equals(request.force())) {
            checkNotLastCopy(state, record.id(), id);
        }
        try {
            return ApiResponse.ok(
                    new ApiViews.DeviceReplaced(id.value(), local.replace(id).value()));
        } catch (DeviceException e) {
            String message = String.valueOf(e.getMessage());
            int semicolon = message.lastIndexOf("; ");
            throw new ApiException(
                    409,
                    "device",
                    semicolon < 0 ? message : message.substring(0, semicolon),
                    semicolon < 0 ? "look at the node's log" : message.substring(semicolon + 2));
        }
    }

    /** What only this device has is not given up by a slip. */
    private static void checkNotLastCopy(ControlState state, NodeId node, DeviceId device) {
        List<String> only = new ArrayList<>();
        for (PgConfig group : state.placementGroups().values()) {
            Member member = group.members().get(node);
            if (member != null && member.device().equals(device) && group.members().size() == 1) {
                only.add(group.id().toString());
            }
        }
        if (!only.isEmpty()) {
            String more = only.size() > GROUPS_NAMED ? " and " + (only.size() - GROUPS_NAMED) : "";
            throw new ApiException(
                    409,
                    "last_copy",
                    "device "
                            + device
                            + " has the only newest copy of placement groups "
                            + String.join(
                                    ", ", only.subList(0, Math.min(GROUPS_NAMED, only.size())))
                            + more,
                    "rescue what is on it, or say --force to give that up");
        }
    }

    private static DeviceId parse(String text) {
        try {
            UUID id = UUID.fromString(text);
            if (id.toString().equalsIgnoreCase(text)) {
                return new DeviceId(id);
            }
        } catch (IllegalArgumentException e) {
            // answered below
        }
        throw ApiException.invalid(
                "'" + text + "' is no device", "'ashlar node show NODE' lists its devices");
    }
}
