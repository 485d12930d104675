package io.ashlar.metadata;

import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Outcome.Reason;
import java.util.BitSet;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Commands about host groups. At each host a LUN is one volume and a volume has one LUN, whichever
 * of its groups it comes from; a command that would break that is rejected as a whole.
 */
final class HostGroupRules {
    private HostGroupRules() {}

    static Result create(Step step, Command.CreateHostGroup command) {
        ControlState state = step.state();
        String name = command.group();
        if (!Step.isName(name)) {
            return step.rejected(
                    Reason.INVALID, "host group " + Step.quoted(name) + ": " + Step.NAME_RULE);
        }
        if (state.hostGroups().containsKey(name)) {
            return step.applied(state);
        }
        if (state.hostGroups().size() >= Limits.HOST_GROUPS_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "the cluster has "
                            + Limits.HOST_GROUPS_MAX
                            + " host groups already; delete one");
        }
        HostGroup group =
                new HostGroup(name, Collections.emptySortedSet(), Collections.emptySortedMap());
        return step.applied(with(state, group, Map.of()));
    }

    static Result delete(Step step, Command.DeleteHostGroup command) {
        ControlState state = step.state();
        HostGroup group = state.hostGroups().get(command.group());
        if (group == null) {
            return unknown(step, command.group());
        }
        if (!group.volumes().isEmpty()) {
            return step.rejected(
                    Reason.IN_USE,
                    "host group "
                            + group.name()
                            + " still shows "
                            + group.volumes().size()
                            + " volumes to its hosts; unmap them from the group first");
        }
        TreeMap<String, HostGroup> left = new TreeMap<>(state.hostGroups());
        left.remove(group.name());
        return step.applied(state.withHostGroups(left, Map.of()));
    }

    static Result join(Step step, Command.JoinHostGroup command) {
        ControlState state = step.state();
        String host = command.host();
        HostGroup group = state.hostGroups().get(command.group());
        if (group == null) {
            return unknown(step, command.group());
        }
        if (!state.hosts().containsKey(host)) {
            return HostRules.unknownHost(step, host);
        }
        if (group.hosts().contains(host)) {
            return step.applied(state);
        }
        if (group.hosts().size() >= Limits.HOSTS_PER_HOST_GROUP_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "host group "
                            + group.name()
                            + " has "
                            + Limits.HOSTS_PER_HOST_GROUP_MAX
                            + " hosts already; use another group");
        }
        if (HostRules.countOfMappings(state) + group.volumes().size() > Limits.MAPPINGS_MAX) {
            return HostRules.tooManyMappings(step);
        }
        TreeMap<Integer, Mapping> ofHost = new TreeMap<>(HostRules.ofHost(state, host));
        for (var entry : group.volumes().entrySet()) {
            String clash = clash(state, host, entry.getKey(), entry.getValue());
            if (clash != null) {
                return step.rejected(
                        Reason.EXISTS,
                        "host group "
                                + group.name()
                                + " shows "
                                + HostRules.name(state, entry.getValue())
                                + " as LUN "
                                + entry.getKey()
                                + ", but "
                                + clash
                                + "; unmap one of them first");
            }
        }
        group.volumes().forEach((lun, volume) -> ofHost.put(lun, group.mapping(host, lun, volume)));
        TreeSet<String> hosts = new TreeSet<>(group.hosts());
        hosts.add(host);
        HostGroup grown =
                new HostGroup(
                        group.name(), Collections.unmodifiableSortedSet(hosts), group.volumes());
        return step.applied(with(state, grown, Map.of(host, ofHost)));
    }

    static Result leave(Step step, Command.LeaveHostGroup command) {
        ControlState state = step.state();
        HostGroup group = state.hostGroups().get(command.group());
        if (group == null) {
            return unknown(step, command.group());
        }
        TreeSet<String> hosts = new TreeSet<>(group.hosts());
        if (!hosts.remove(command.host())) {
            return step.rejected(
                    Reason.NOT_FOUND,
                    "host "
                            + Step.quoted(command.host())
                            + " is not in host group "
                            + group.name()
                            + "; list the group's hosts and correct the name");
        }
        TreeMap<Integer, Mapping> left = new TreeMap<>(HostRules.ofHost(state, command.host()));
        left.values().removeIf(mapping -> isOf(mapping, group));
        HostGroup smaller =
                new HostGroup(
                        group.name(), Collections.unmodifiableSortedSet(hosts), group.volumes());
        return step.applied(with(state, smaller, Map.of(command.host(), left)));
    }

    static Result map(Step step, Command.MapVolumeToGroup command) {
        ControlState state = step.state();
        HostGroup group = state.hostGroups().get(command.group());
        if (group == null) {
            return unknown(step, command.group());
        }
        VolumeRecord volume = state.volumes().get(command.volume());
        if (volume == null) {
            return VolumeRules.notFound(step, command.volume());
        }
        Result refusal = HostRules.refusal(step, volume, command.lun());
        if (refusal != null) {
            return refusal;
        }
        for (var entry : group.volumes().entrySet()) {
            if (entry.getValue().equals(volume.id())) {
                int lun = entry.getKey();
                return command.lun() == -1 || command.lun() == lun
                        ? step.applied(state, lun)
                        : step.rejected(
                                Reason.EXISTS,
                                "host group "
                                        + group.name()
                                        + " shows volume "
                                        + volume.name()
                                        + " as LUN "
                                        + lun
                                        + "; unmap it first");
            }
        }
        if (HostRules.countOfMappings(state) + group.hosts().size() + 1 > Limits.MAPPINGS_MAX) {
            return HostRules.tooManyMappings(step);
        }
        int lun = command.lun() == -1 ? lowestFree(state, group) : command.lun();
        if (lun > Limits.LUN_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "no LUN is free at all hosts of host group "
                            + group.name()
                            + "; unmap a volume first");
        }
        String clash = clash(state, group, lun, volume.id());
        if (clash != null) {
            return step.rejected(
                    Reason.EXISTS,
                    "volume "
                            + volume.name()
                            + " cannot be LUN "
                            + lun
                            + " of host group "
                            + group.name()
                            + ": "
                            + clash
                            + "; unmap that first, or choose another LUN if it is the LUN that is"
                            + " taken");
        }
        TreeMap<Integer, VolumeId> volumes = new TreeMap<>(group.volumes());
        volumes.put(lun, volume.id());
        TreeMap<String, SortedMap<Integer, Mapping>> changed = new TreeMap<>();
        for (String host : group.hosts()) {
            TreeMap<Integer, Mapping> ofHost = new TreeMap<>(HostRules.ofHost(state, host));
            ofHost.put(lun, group.mapping(host, lun, volume.id()));
            changed.put(host, ofHost);
        }
        return step.applied(with(state, withVolumes(group, volumes), changed), lun);
    }

    static Result unmap(Step step, Command.UnmapVolumeFromGroup command) {
        ControlState state = step.state();
        HostGroup group = state.hostGroups().get(command.group());
        if (group == null) {
            return unknown(step, command.group());
        }
        TreeMap<Integer, VolumeId> volumes = new TreeMap<>(group.volumes());
        if (!volumes.values().removeIf(volume -> volume.equals(command.volume()))) {
            return step.rejected(
                    Reason.NOT_FOUND,
                    "host group "
                            + group.name()
                            + " has no mapping of "
                            + HostRules.name(state, command.volume())
                            + "; list its mappings and correct the names");
        }
        TreeMap<String, SortedMap<Integer, Mapping>> changed = new TreeMap<>();
        for (String host : group.hosts()) {
            TreeMap<Integer, Mapping> left = new TreeMap<>(HostRules.ofHost(state, host));
            left.values().removeIf(m -> isOf(m, group) && m.volume().equals(command.volume()));
            changed.put(host, left);
        }
        return step.applied(with(state, withVolumes(group, volumes), changed));
    }

    /** Takes a volume that is deleted, and that no host has a mapping of any more, out of all. */
    static ControlState without(ControlState state, VolumeId volume) {
        TreeMap<String, HostGroup> groups = new TreeMap<>(state.hostGroups());
        groups.replaceAll((name, group) -> {
            TreeMap<Integer, VolumeId> left = new TreeMap<>(group.volumes());
            return left.values().removeIf(volume::equals) ? withVolumes(group, left) : group;
        });
        return state.withHostGroups(groups, Map.of());
    }

    /** Why a group cannot have the volume under that LUN, or null if it can. */
    private static @Nullable String clash(
            ControlState state, HostGroup group, int lun, VolumeId volume) {
        VolumeId present = group.volumes().get(lun);
        if (present != null) {
            return "that is " + HostRules.name(state, present);
        }
        VolumeRecord anyHost = HostRules.ofAnyHost(state, lun);
        if (anyHost != null) {
            return "every host sees volume " + anyHost.name() + " as LUN " + lun;
        }
        for (String host : group.hosts()) {
            String clash = clash(state, host, lun, volume);
            if (clash != null) {
                return clash;
            }
        }
        return null;
    }

    /** Why a host cannot see one more volume under that LUN, or null if it can. */
    private static @Nullable String clash(
            ControlState state, String host, int lun, VolumeId volume) {
        SortedMap<Integer, Mapping> mappings = HostRules.ofHost(state, host);
        Mapping taken = mappings.get(lun);
        if (taken != null) {
            return HostRules.sees(state, taken);
        }
        for (Mapping mapping : mappings.values()) {
            if (mapping.volume().equals(volume)) {
                return HostRules.sees(state, mapping);
            }
        }
        return null;
    }

    /** At all hosts of the group, and for those that join it later among what it has itself. */
    private static int lowestFree(ControlState state, HostGroup group) {
        BitSet taken = HostRules.takenByAnyHost(state);
        group.volumes().keySet().forEach(taken::set);
        group.hosts().forEach(host -> HostRules.ofHost(state, host).keySet().forEach(taken::set));
        return taken.nextClearBit(0);
    }

    private static boolean isOf(Mapping mapping, HostGroup group) {
        return mapping.group().equals(Optional.of(group.name()));
    }

    private static HostGroup withVolumes(HostGroup group, SortedMap<Integer, VolumeId> volumes) {
        return new HostGroup(
                group.name(), group.hosts(), Collections.unmodifiableSortedMap(volumes));
    }

    private static ControlState with(
            ControlState state, HostGroup group, Map<String, SortedMap<Integer, Mapping>> changed) {
        TreeMap<String, HostGroup> groups = new TreeMap<>(state.hostGroups());
        groups.put(group.name(), group);
        return state.withHostGroups(groups, changed);
    }

    private static Result unknown(Step step, String group) {
        return step.rejected(
                Reason.NOT_FOUND,
                "host group " + Step.quoted(group) + " is not known; create it first");
    }
}
