package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Voter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides who votes in the control plane: at least {@link #WANTED} nodes if there are so many, in
 * different failure domains if that can be, and none that is away. Pure; its changes are compared
 * and set by the engine, one vote at a time, so it takes no part in safety.
 */
public final class Votes {
    /** A cluster that was founded with more keeps as many. */
    public static final int WANTED = 3;

    private Votes() {}

    /** What is to be done next about the votes. */
    public sealed interface Step {
        /** Nothing. */
        record Keep() implements Step {}

        /** The leader, which is to lose its vote, hands over first. */
        record HandOver(NodeId to) implements Step {}

        /** These vote from now on. */
        record Change(List<Voter> voters) implements Step {}
    }

    /**
     * The next step.
     *
     * @param leader of the control plane, which looks
     * @param absent who is silent, and who for so long that its vote goes to another
     */
    public static Step next(
            ControlState state, List<Voter> voters, NodeId leader, Silence.Absent absent) {
        List<NodeRecord> heirs = heirs(state, voters, absent.silent());
        if (heirs.isEmpty()) {
            return new Step.Keep();
        }
        for (Voter voter : voters) {
            if (absent.away().contains(voter.node())) {
                return replace(state, voters, voter.node(), heirs, leader, absent.silent());
            }
        }
        for (Voter voter : voters) {
            NodeRecord node = state.nodes().get(voter.node());
            List<NodeRecord> heir =
                    node == null
                            ? List.of()
                            : heirs.stream()
                                    .filter(n -> node.settings().heir().equals(Optional.of(n.id())))
                                    .toList();
            if (!heir.isEmpty()) {
                return replace(state, voters, voter.node(), heir, leader, absent.silent());
            }
        }
        if (voters.size() < WANTED && voters.size() + heirs.size() >= WANTED) {
            List<Voter> more = new ArrayList<>(voters);
            more.add(voter(best(state, voters, heirs)));
            return new Step.Change(List.copyOf(more));
        }
        return spread(state, voters, heirs, leader);
    }

    /**
     * How a node's vote goes to another, since the node is to be removed; empty if there is none
     * that could take it and the others would be too few.
     */
    public static Optional<List<Voter>> without(
            ControlState state, List<Voter> voters, NodeId node, Set<NodeId> silent) {
        List<Voter> others = voters.stream().filter(v -> !v.node().equals(node)).toList();
        List<NodeRecord> heirs =
                heirs(state, voters, silent).stream().filter(n -> !n.id().equals(node)).toList();
        if (others.size() == voters.size()) {
            return Optional.of(voters);
        }
        if (heirs.isEmpty()) {
            return others.size() >= WANTED ? Optional.of(others) : Optional.empty();
        }
        List<Voter> changed = new ArrayList<>(others);
        changed.add(voter(best(state, others, heirs)));
        return Optional.of(List.copyOf(changed));
    }

    /** Nodes that could be given a vote, by id. */
    private static List<NodeRecord> heirs(
            ControlState state, List<Voter> voters, Set<NodeId> silent) {
        return state.nodes().values().stream()
                .filter(node -> node.adminState() == AdminState.ACTIVE)
                .filter(node -> !silent.contains(node.id()))
                .filter(node -> voters.stream().noneMatch(v -> v.node().equals(node.id())))
                .toList();
    }

    /** Two voters in one failure domain are one too many while another domain has none. */
    private static Step spread(
            ControlState state, List<Voter> voters, List<NodeRecord> heirs, NodeId leader) {
        TreeSet<String> domains = new TreeSet<>();
        List<Voter> leaderFirst = new ArrayList<>(voters);
        leaderFirst.sort(
                (a, b) -> Boolean.compare(b.node().equals(leader), a.node().equals(leader)));
        for (Voter voter : leaderFirst) {
            String domain = domain(state, voter.node());
            List<Voter> others =
                    voters.stream().filter(v -> !v.node().equals(voter.node())).toList();
            NodeRecord heir = best(state, others, heirs);
            if (domain != null
                    && !domains.add(domain)
                    && !domains(state, voters).contains(heir.failureDomain())) {
                return replace(state, voters, voter.node(), List.of(heir), leader, Set.of());
            }
        }
        return new Step.Keep();
    }

    private static Step replace(
            ControlState state,
            List<Voter> voters,
            NodeId gone,
            List<NodeRecord> heirs,
            NodeId leader,
            Set<NodeId> silent) {
        List<Voter> others = voters.stream().filter(v -> !v.node().equals(gone)).toList();
        if (gone.equals(leader)) {
            return others.stream()
                    .map(Voter::node)
                    .filter(node -> !silent.contains(node))
                    .findFirst()
                    .<Step>map(Step.HandOver::new)
                    .orElse(new Step.Keep());
        }
        List<Voter> changed = new ArrayList<>(others);
        changed.add(voter(best(state, others, heirs)));
        return new Step.Change(List.copyOf(changed));
    }

    /** Of these nodes, none of which votes, the first in a domain where nobody else does. */
    private static NodeRecord best(ControlState state, List<Voter> others, List<NodeRecord> heirs) {
        TreeSet<String> taken = domains(state, others);
        return heirs.stream()
                .filter(heir -> !taken.contains(heir.failureDomain()))
                .findFirst()
                .orElse(heirs.getFirst());
    }

    private static TreeSet<String> domains(ControlState state, List<Voter> voters) {
        TreeSet<String> domains = new TreeSet<>();
        for (Voter voter : voters) {
            String domain = domain(state, voter.node());
            if (domain != null) {
                domains.add(domain);
            }
        }
        return domains;
    }

    private static @Nullable String domain(ControlState state, NodeId node) {
        NodeRecord record = state.nodes().get(node);
        return record == null ? null : record.failureDomain();
    }

    private static Voter voter(NodeRecord node) {
        return new Voter(node.id(), node.addresses().raft());
    }
}
