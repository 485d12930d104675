package io.ashlar.metadata;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Outcome.Reason;
import java.util.BitSet;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Commands about hosts and what they see. */
final class HostRules {
    private HostRules() {}

    static Result create(Step step, Command.CreateHost command) {
        ControlState state = step.state();
        String host = command.host();
        if (host.isEmpty() || !Step.isWord(host, Limits.HOST_MAX)) {
            return step.rejected(
                    Reason.INVALID,
                    "host "
                            + Step.quoted(host)
                            + " is no initiator name; use 1 to "
                            + Limits.HOST_MAX
                            + " printable ASCII letters, such as iqn.2026-01.com.example:host1");
        }
        if (state.hosts().containsKey(host)) {
            return step.applied(state);
        }
        if (state.hosts().size() >= Limits.HOSTS_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "the cluster knows " + Limits.HOSTS_MAX + " hosts already; delete one");
        }
        return step.applied(state.withHost(new HostRecord(host, Optional.empty())));
    }

    static Result setChap(Step step, Command.SetChap command) {
        ControlState state = step.state();
        if (!state.hosts().containsKey(command.host())) {
            return unknownHost(step, command.host());
        }
        ChapSecrets wish = command.chap().orElse(null);
        if (wish != null) {
            boolean isMutual = wish.target().isPresent();
            if (!isSecret(wish.initiator()) || (isMutual && !isSecret(wish.target().get()))) {
                return step.rejected(
                        Reason.INVALID,
                        "a CHAP secret has "
                                + ChapSecrets.BYTES_MIN
                                + " to "
                                + ChapSecrets.BYTES_MAX
                                + " printable ASCII letters without spaces; choose another");
            }
            if (isMutual && wish.target().get().equals(wish.initiator())) {
                return step.rejected(
                        Reason.INVALID,
                        "the host's secret and the target's are the same; choose two, since one"
                                + " could be used to learn the answer to the other");
            }
        }
        return step.applied(state.withHost(new HostRecord(command.host(), command.chap())));
    }

    /** What every initiator's configuration can hold. */
    private static boolean isSecret(Secret secret) {
        int length = secret.length();
        if (length < ChapSecrets.BYTES_MIN || length > ChapSecrets.BYTES_MAX) {
            return false;
        }
        for (byte letter : secret.reveal()) {
            if (letter <= ' ' || letter == 0x7F) {
                return false;
            }
        }
        return true;
    }

    static Result delete(Step step, Command.DeleteHost command) {
        ControlState state = step.state();
        if (!state.hosts().containsKey(command.host())) {
            return unknownHost(step, command.host());
        }
        for (HostGroup group : state.hostGroups().values()) {
            if (group.hosts().contains(command.host())) {
                return step.rejected(
                        Reason.IN_USE,
                        "host "
                                + command.host()
                                + " is in host group "
                                + group.name()
                                + "; take it out of the group first");
            }
        }
        int mappings = ofHost(state, command.host()).size();
        if (mappings > 0) {
            return step.rejected(
                    Reason.IN_USE,
                    "host "
                            + command.host()
                            + " still sees "
                            + mappings
                            + " volumes; unmap them first");
        }
        return step.applied(state.withoutHost(command.host()));
    }

    static Result map(Step step, Command.MapVolume command) {
        ControlState state = step.state();
        Mapping wish = command.mapping();
        if (!state.hosts().containsKey(wish.host())) {
            return unknownHost(step, wish.host());
        }
        VolumeRecord volume = state.volumes().get(wish.volume());
        if (volume == null) {
            return VolumeRules.notFound(step, wish.volume());
        }
        Result refusal = refusal(step, volume, wish.lun());
        if (refusal != null) {
            return refusal;
        }
        SortedMap<Integer, Mapping> mappings = ofHost(state, wish.host());
        for (Mapping mapping : mappings.values()) {
            if (mapping.volume().equals(wish.volume())) {
                boolean isSame = wish.lun() == -1 || wish.lun() == mapping.lun();
                return isSame && mapping.group().isEmpty()
                        ? step.applied(state, mapping.lun())
                        : step.rejected(Reason.EXISTS, sees(state, mapping) + "; unmap it first");
            }
        }
        if (countOfMappings(state) >= Limits.MAPPINGS_MAX) {
            return tooManyMappings(step);
        }
        int lun = wish.lun() == -1 ? lowestFree(state, mappings) : wish.lun();
        if (lun > Limits.LUN_MAX || mappings.size() >= Limits.MAPPINGS_PER_HOST_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "host " + wish.host() + " has no LUN left; unmap a volume first");
        }
        Mapping clash = mappings.get(lun);
        VolumeRecord anyHost = ofAnyHost(state, lun);
        if (clash != null || anyHost != null) {
            return step.rejected(
                    Reason.EXISTS,
                    "LUN "
                            + lun
                            + " of host "
                            + wish.host()
                            + " is "
                            + (clash != null
                                    ? name(state, clash.volume()) + through(clash)
                                    : volumeName(anyHost))
                            + "; choose another, or -1 for the lowest free one");
        }
        TreeMap<Integer, Mapping> more = new TreeMap<>(mappings);
        more.put(lun, new Mapping(wish.host(), wish.volume(), lun));
        return step.applied(state.withMappings(wish.host(), more), lun);
    }

    static Result unmap(Step step, Command.UnmapVolume command) {
        ControlState state = step.state();
        TreeMap<Integer, Mapping> left = new TreeMap<>(ofHost(state, command.host()));
        for (Mapping mapping : left.values()) {
            if (mapping.volume().equals(command.volume()) && mapping.group().isPresent()) {
                return step.rejected(
                        Reason.IN_USE,
                        sees(state, mapping)
                                + "; unmap it from the group, or take the host out of the group");
            }
        }
        if (!left.values().removeIf(mapping -> mapping.volume().equals(command.volume()))) {
            return step.rejected(
                    Reason.NOT_FOUND,
                    "host "
                            + Step.quoted(command.host())
                            + " has no mapping of "
                            + name(state, command.volume())
                            + "; list the mappings and correct the names");
        }
        return step.applied(state.withMappings(command.host(), left));
    }

    /** Who has a LUN that is wanted for all hosts, or null if it is free everywhere. */
    static @Nullable String takenForAny(ControlState state, int lun) {
        VolumeRecord anyHost = ofAnyHost(state, lun);
        if (anyHost != null) {
            return "every host sees volume " + anyHost.name() + " as LUN " + lun;
        }
        for (var entry : state.mappings().entrySet()) {
            Mapping mapping = entry.getValue().get(lun);
            if (mapping != null) {
                return sees(state, mapping);
            }
        }
        for (HostGroup group : state.hostGroups().values()) {
            VolumeId volume = group.volumes().get(lun);
            if (volume != null) {
                return "host group "
                        + group.name()
                        + " shows "
                        + name(state, volume)
                        + " as LUN "
                        + lun;
            }
        }
        return null;
    }

    /** Why a volume cannot be mapped under a LUN wherever it is, or null. */
    static @Nullable Result refusal(Step step, VolumeRecord volume, int lun) {
        if (lun < -1 || lun > Limits.LUN_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "LUN "
                            + lun
                            + "; use 0 to "
                            + Limits.LUN_MAX
                            + ", or -1 for the lowest free one");
        }
        if (volume.anyHostLun() != -1) {
            return step.rejected(
                    Reason.EXISTS,
                    "every host sees volume "
                            + volume.name()
                            + " as LUN "
                            + volume.anyHostLun()
                            + "; it needs no mapping");
        }
        return null;
    }

    /** Those of hosts, by their groups too, and those of groups. */
    static int countOfMappings(ControlState state) {
        int ofHosts = state.mappings().values().stream().mapToInt(SortedMap::size).sum();
        return ofHosts
                + state.hostGroups().values().stream().mapToInt(g -> g.volumes().size()).sum();
    }

    static Result tooManyMappings(Step step) {
        return step.rejected(
                Reason.INVALID,
                "the cluster would have more than "
                        + Limits.MAPPINGS_MAX
                        + " mappings; unmap a volume first");
    }

    /** The mapping in words. */
    static String sees(ControlState state, Mapping mapping) {
        return "host "
                + mapping.host()
                + " sees "
                + name(state, mapping.volume())
                + " as LUN "
                + mapping.lun()
                + through(mapping);
    }

    private static String through(Mapping mapping) {
        return mapping.group().map(group -> " through host group " + group).orElse("");
    }

    static BitSet takenByAnyHost(ControlState state) {
        BitSet taken = new BitSet();
        for (VolumeRecord volume : state.volumes().values()) {
            if (volume.anyHostLun() >= 0) {
                taken.set(volume.anyHostLun());
            }
        }
        return taken;
    }

    private static int lowestFree(ControlState state, SortedMap<Integer, Mapping> mappings) {
        BitSet taken = takenByAnyHost(state);
        mappings.keySet().forEach(taken::set);
        return taken.nextClearBit(0);
    }

    static @Nullable VolumeRecord ofAnyHost(ControlState state, int lun) {
        for (VolumeRecord volume : state.volumes().values()) {
            if (volume.anyHostLun() == lun) {
                return volume;
            }
        }
        return null;
    }

    static SortedMap<Integer, Mapping> ofHost(ControlState state, String host) {
        SortedMap<Integer, Mapping> mappings = state.mappings().get(host);
        return mappings == null ? Collections.emptySortedMap() : mappings;
    }

    static String name(ControlState state, VolumeId id) {
        VolumeRecord volume = state.volumes().get(id);
        return volume == null ? id.toString() : volumeName(volume);
    }

    private static String volumeName(@Nullable VolumeRecord volume) {
        return volume == null ? "another volume" : "volume " + volume.name();
    }

    static Result unknownHost(Step step, String host) {
        return step.rejected(
                Reason.NOT_FOUND, "host " + Step.quoted(host) + " is not known; create it first");
    }
}
