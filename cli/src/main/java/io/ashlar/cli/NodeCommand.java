package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar node}. */
@Command(
        name = "node",
        description = "List, show, label, cordon, drain, rebuild, replace and remove nodes.")
final class NodeCommand {
    @Command(name = "list", description = "List the nodes.")
    void list(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/nodes");
        connection.print(
                json, () -> StatusText.nodes(List.of(Views.of(json, ApiViews.Node[].class))));
    }

    @Command(name = "show", description = "Show one node.")
    void show(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node) {
        JsonNode json = connection.client().get("/v1/nodes/" + node);
        connection.print(json, () -> StatusText.node(Views.of(json, ApiViews.Node.class)));
    }

    @Command(name = "cordon", description = "Put nothing new on a node; what is there stays.")
    void cordon(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node) {
        wish(connection, node, "CORDONED", "is cordoned: it gets nothing new");
    }

    @Command(
            name = "drain",
            description = {
                "Move everything off a node: replicas, leads, and the ownership of volumes.",
                "It is a job, which goes on in the background: 'ashlar job list' shows it.",
                "Cancelling it, or 'ashlar node uncordon', makes the node active again."
            })
    void drain(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node) {
        wish(connection, node, "DRAINING", "drains; 'ashlar job list' tells how far it is");
    }

    @Command(
            name = "uncordon",
            description = "End cordon or drain: the node takes its share again.")
    void uncordon(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node) {
        wish(connection, node, "ACTIVE", "is active");
    }

    @Command(
            name = "replace",
            description = {
                "Drain a node and have another take its place: replica for replica, and its vote.",
                "It goes on in the background; 'ashlar node show OLD' tells what is left."
            })
    void replace(
            @Mixin Connection connection,
            @Parameters(paramLabel = "OLD", description = "Id of the node that goes.") int node,
            @Parameters(paramLabel = "NEW", description = "Id of the node that takes its place.")
                    int heir) {
        JsonNode json =
                connection
                        .client()
                        .change(
                                "POST",
                                "/v1/nodes/" + node + "/replace",
                                new ApiViews.ReplaceNode(heir));
        connection.print(
                json,
                () ->
                        "node "
                                + node
                                + " drains, and node "
                                + heir
                                + " takes its place\n"
                                + StatusText.left(Views.of(json, ApiViews.Node.class)));
    }

    @Command(
            name = "set",
            description = {
                "Set a node's weight or failure domain. Replicas move by themselves, as few as will"
                        + " do.",
                "What is set here stands over what the node's configuration and its disks say."
            })
    void set(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node,
            @Option(
                            names = "--weight",
                            paramLabel = "W",
                            description =
                                    "Its share of the replicas in proportion to others' weights;"
                                            + " 'auto' (the default): the capacity of its devices"
                                            + " in GiB.")
                    @Nullable String weight,
            @Option(
                            names = "--failure-domain",
                            paramLabel = "D",
                            description =
                                    "Label of its rack or host; '' for the one of its"
                                            + " configuration.")
                    @Nullable String failureDomain) {
        if (weight == null && failureDomain == null) {
            throw connection.usage("give --weight, --failure-domain or both");
        }
        JsonNode json =
                connection
                        .client()
                        .change(
                                "PUT",
                                "/v1/nodes/" + node + "/settings",
                                new ApiViews.NodeSettings(
                                        weight == null ? null : weight(connection, weight),
                                        failureDomain));
        connection.print(json, () -> StatusText.node(Views.of(json, ApiViews.Node.class)));
    }

    private static int weight(Connection connection, String text) {
        if (text.equals("auto")) {
            return 0;
        }
        try {
            int weight = Integer.parseInt(text);
            if (weight > 0) {
                return weight;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw connection.usage(
                "--weight is a positive whole number or 'auto', not '"
                        + text
                        + "'; 'ashlar node drain' empties a node");
    }

    private static void wish(Connection connection, int node, String state, String said) {
        JsonNode json =
                connection
                        .client()
                        .change(
                                "PUT",
                                "/v1/nodes/" + node + "/state",
                                new ApiViews.NodeState(state));
        connection.print(
                json,
                () ->
                        "node "
                                + node
                                + " "
                                + said
                                + "\n"
                                + StatusText.left(Views.of(json, ApiViews.Node.class)));
    }

    @Command(
            name = "rebuild",
            description = {
                "Make what a silent node holds anew on other nodes, without waiting for the time",
                "that is set ('ashlar cluster show'). It is a job, and ends if the node comes back."
            })
    void rebuild(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node) {
        JobCommand.start(connection, new ApiViews.StartJob("REBUILD", node, null, null));
    }

    @Command(name = "remove", description = "Forget a node that is empty and has been stopped.")
    void remove(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "Its id.") int node) {
        JsonNode json = connection.client().change("DELETE", "/v1/nodes/" + node, null);
        connection.print(json, () -> "node " + node + " removed\n");
    }
}
