package io.ashlar.metadata;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.NodeRecord.Addresses;
import io.ashlar.metadata.Outcome.Reason;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Commands about the cluster's identity and its nodes. */
final class NodeRules {
    private NodeRules() {}

    static Result initialize(Step step, Command.InitializeCluster command) {
        ControlState state = step.state();
        UUID id = command.clusterId();
        if (id.getMostSignificantBits() == 0 && id.getLeastSignificantBits() == 0) {
            return step.rejected(
                    Reason.INVALID, "the zero UUID cannot name a cluster; draw a random one");
        }
        if (!state.isInitialized()) {
            return step.applied(state.withClusterId(id));
        }
        if (state.clusterId().equals(id)) {
            return step.applied(state);
        }
        return step.rejected(
                Reason.EXISTS,
                "this is cluster "
                        + state.clusterId()
                        + ", not "
                        + id
                        + "; a cluster keeps its identity: correct the configuration, or start"
                        + " with empty directories");
    }

    /**
     * Registration alone admits nothing: memberships name an incarnation. The last process to
     * register counts, whichever started last, since incarnations have no order; a process that
     * sees itself replaced by an older one of its node registers again.
     */
    static Result register(Step step, Command.RegisterNode command) {
        ControlState state = step.state();
        NodeRecord node = command.node();
        NodeRecord known = state.nodes().get(node.id());
        if (known == null && state.nodes().size() >= Limits.NODES_MAX) {
            return step.rejected(
                    Reason.INVALID, "the cluster has " + Limits.NODES_MAX + " nodes already");
        }
        if (!Step.isName(node.configuredDomain())) {
            return step.rejected(
                    Reason.INVALID, node.id() + ": " + noDomain(node.configuredDomain()));
        }
        String badAddress = badAddress(node.addresses());
        if (badAddress != null) {
            return step.rejected(
                    Reason.INVALID,
                    node.id() + ": " + Step.quoted(badAddress) + " is no host:port address");
        }
        List<DeviceId> devices = node.devices();
        if (devices.size() > Limits.DEVICES_PER_NODE_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    node.id()
                            + " lists more than "
                            + Limits.DEVICES_PER_NODE_MAX
                            + " devices; correct its list of data directories");
        }
        for (long bytes : node.deviceBytes().values()) {
            if (bytes < 0 || bytes > Limits.DEVICE_BYTES_MAX) {
                return step.rejected(
                        Reason.INVALID,
                        node.id()
                                + " tells a device of "
                                + bytes
                                + " bytes; upgrade the node, or correct 'limits.deviceBytes'");
            }
        }
        for (NodeRecord other : state.nodes().values()) {
            if (!other.id().equals(node.id())) {
                for (DeviceId device : devices) {
                    if (other.devices().contains(device)) {
                        return step.rejected(
                                Reason.EXISTS,
                                "device "
                                        + device
                                        + " of "
                                        + node.id()
                                        + " belongs to "
                                        + other.id()
                                        + "; a copied disk must be formatted anew, a moved one"
                                        + " first taken out there");
                    }
                }
            }
        }
        // What an administrator set stands until an administrator changes it.
        return step.applied(
                state.withNode(
                        known == null ? node : node.with(known.adminState(), known.settings())));
    }

    static Result setAdminState(Step step, Command.SetAdminState command) {
        NodeRecord node = step.state().nodes().get(command.node());
        if (node == null) {
            return noNode(step, command.node());
        }
        NodeRecord plain = withHeir(node, Optional.empty());
        Step named = new Step(step.state().withNode(plain), step.index());
        return switch (command.state()) {
            case DRAINING -> JobRules.drain(named, plain, command.stamp());
            case ACTIVE, CORDONED -> JobRules.endDrain(named, plain, command);
        };
    }

    private static NodeRecord withHeir(NodeRecord node, Optional<NodeId> heir) {
        return node.with(node.adminState(), node.settings().withHeir(heir));
    }

    static Result replace(Step step, Command.ReplaceNode command) {
        NodeRecord node = step.state().nodes().get(command.node());
        NodeRecord heir = step.state().nodes().get(command.heir());
        if (node == null || heir == null) {
            return noNode(step, node == null ? command.node() : command.heir());
        }
        if (node.id().equals(heir.id())
                || heir.adminState() != NodeRecord.AdminState.ACTIVE
                || heir.devices().isEmpty()) {
            return step.rejected(
                    Reason.INVALID,
                    heir.id()
                            + " cannot take the place of "
                            + node.id()
                            + "; name another node that is active and has a data device");
        }
        NodeRecord replaced = withHeir(node, Optional.of(heir.id()));
        Step named = new Step(step.state().withNode(replaced), step.index());
        return JobRules.drain(named, replaced, command.stamp());
    }

    static Result set(Step step, Command.SetNode command) {
        NodeRecord node = step.state().nodes().get(command.node());
        if (node == null) {
            return noNode(step, command.node());
        }
        int weight = command.weight().orElse(node.settings().weight());
        if (weight < 0 || weight > Limits.WEIGHT_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "weight "
                            + weight
                            + " is not between 1 and "
                            + Limits.WEIGHT_MAX
                            + "; 0 stands for the capacity of the node's devices, and 'ashlar node"
                            + " drain' empties a node");
        }
        String domain = command.failureDomain().orElse(node.settings().failureDomain());
        if (!domain.isEmpty() && !Step.isName(domain)) {
            return step.rejected(Reason.INVALID, node.id() + ": " + noDomain(domain));
        }
        NodeRecord.Settings settings =
                new NodeRecord.Settings(weight, domain, node.settings().heir());
        return step.applied(step.state().withNode(node.with(node.adminState(), settings)));
    }

    private static String noDomain(String label) {
        return "failure domain " + Step.quoted(label) + " is no name; " + Step.NAME_RULE;
    }

    private static Result noNode(Step step, NodeId node) {
        return step.rejected(
                Reason.NOT_FOUND,
                "there is no " + node + "; list the nodes and correct the id, or start it first");
    }

    /**
     * Refused while anything is on the node, and by name, so that its operator sees what is left.
     */
    static Result remove(Step step, Command.RemoveNode command) {
        ControlState state = step.state();
        NodeId node = command.node();
        if (!state.nodes().containsKey(node)) {
            return noNode(step, node);
        }
        long held = 0;
        for (PgConfig group : state.placementGroups().values()) {
            if (group.members().containsKey(node) || group.targets().contains(node)) {
                held++;
            }
        }
        long owned =
                state.volumes().values().stream()
                        .filter(volume -> volume.owner().node().equals(node))
                        .count();
        if (held > 0 || owned > 0) {
            return step.rejected(
                    Reason.IN_USE,
                    node
                            + " still has "
                            + held
                            + " placement groups and owns "
                            + owned
                            + " volumes; drain it first, and remove it when it is empty");
        }
        return step.applied(state.withoutNode(node));
    }

    private static @org.jspecify.annotations.Nullable String badAddress(Addresses addresses) {
        for (String address :
                List.of(
                        addresses.iscsi(),
                        addresses.data(),
                        addresses.liveness(),
                        addresses.raft(),
                        addresses.api())) {
            if (!Step.isWord(address, Limits.ADDRESS_MAX)) {
                return address;
            }
        }
        return null;
    }
}
