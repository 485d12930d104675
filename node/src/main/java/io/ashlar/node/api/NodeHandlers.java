package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Requests that change what is wanted of a node: cordon, drain, and their end; removal. */
final class NodeHandlers {
    /** For a change of voters, an election included. */
    private static final int TAKE_OUT_SECONDS_MAX = 25;

    private final ControlAccess control;
    private final ClusterHandlers cluster;
    private final LocalNode local;
    private final Stamps stamps;

    NodeHandlers(ControlAccess control, ClusterHandlers cluster, LocalNode local, Stamps stamps) {
        this.control = control;
        this.cluster = cluster;
        this.local = local;
        this.stamps = stamps;
    }

    /** Sets what is wanted of a node, and shows it as it is then. */
    ApiViews.Node wish(String text, AdminState wish) {
        NodeRecord node = ClusterHandlers.named(control.current(), text);
        control.submit(new Command.SetAdminState(node.id(), wish, stamps.now()));
        return cluster.node(text);
    }

    /** Drains a node and has another take its place, and shows it as it is then. */
    ApiViews.Node replace(String text, ApiViews.ReplaceNode request) {
        if (request.by() == null) {
            throw ApiException.invalid("'by' is missing", "name the node that takes its place");
        }
        ControlState state = control.current();
        NodeId heir = ClusterHandlers.named(state, Integer.toString(request.by())).id();
        control.submit(
                new Command.ReplaceNode(
                        ClusterHandlers.named(state, text).id(), heir, stamps.now()));
        return cluster.node(text);
    }

    /** Sets a node's weight or failure domain, and shows it as it is then. */
    ApiViews.Node set(String text, ApiViews.NodeSettings settings) {
        Integer weight = settings.weight();
        if (weight == null && settings.failureDomain() == null) {
            throw ApiException.invalid(
                    "nothing is to be set", "give 'weight', 'failureDomain' or both");
        }
        NodeRecord node = ClusterHandlers.named(control.current(), text);
        control.submit(
                new Command.SetNode(
                        node.id(),
                        weight == null ? OptionalInt.empty() : OptionalInt.of(weight),
                        Optional.ofNullable(settings.failureDomain())));
        return cluster.node(text);
    }

    /**
     * Forgets a node that nothing is on. One that runs would register again at once. It is taken
     * out of the control plane first: a voter gives its vote to another node.
     */
    void remove(String text) {
        ControlState state = control.current();
        NodeId node = ClusterHandlers.named(state, text).id();
        ApiViews.Node view = cluster.node(text);
        if (view.replicas() + view.planned() + view.volumes() == 0) {
            if (view.up()) {
                throw new ApiException(
                        409,
                        "in_use",
                        "node " + text + " is empty, but it still runs and would register again",
                        "stop its process, then remove it");
            }
            takeOut(node);
        }
        control.submit(new Command.RemoveNode(node));
    }

    private void takeOut(NodeId node) {
        try {
            local.takeOut(node).orTimeout(TAKE_OUT_SECONDS_MAX, TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ApiException(
                    409,
                    "in_use",
                    "node "
                            + node.value()
                            + " cannot be taken out of the control plane: "
                            + cause.getMessage(),
                    "see that a majority of the voters and another node are up and active, then"
                            + " remove it again");
        }
    }
}
