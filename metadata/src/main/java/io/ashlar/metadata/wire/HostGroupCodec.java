package io.ashlar.metadata.wire;

import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HostGroup;
import io.ashlar.metadata.Limits;
import io.ashlar.metadata.Mapping;
import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Host groups within a snapshot. What their hosts see by them is not written, but follows from
 * them.
 *
 * <pre>
 * groups, 4; then for each:
 *   name, text; hosts, 4, and their names, texts;
 *   volumes, 4; then for each: LUN, 4; volume, 8
 * </pre>
 */
final class HostGroupCodec {
    private static final int GROUP_BYTES_MIN = 10;
    private static final int HOST_BYTES_MIN = 2;
    private static final int VOLUME_BYTES = 12;

    private HostGroupCodec() {}

    /** Hosts as a count, and of each its own mappings, if it has any. */
    static void writeOwnMappings(ByteBuf out, ControlState state) {
        List<List<Mapping>> own =
                state.mappings().values().stream()
                        .map(ofHost ->
                                ofHost.values().stream()
                                        .filter(mapping -> mapping.group().isEmpty())
                                        .toList())
                        .filter(ofHost -> !ofHost.isEmpty())
                        .toList();
        out.writeInt(own.size());
        for (List<Mapping> ofHost : own) {
            out.writeInt(ofHost.size());
            ofHost.forEach(mapping -> Fields.writeMapping(out, mapping));
        }
    }

    static void write(ByteBuf out, ControlState state) {
        out.writeInt(state.hostGroups().size());
        for (HostGroup group : state.hostGroups().values()) {
            Fields.writeText(out, group.name());
            out.writeInt(group.hosts().size());
            group.hosts().forEach(host -> Fields.writeText(out, host));
            out.writeInt(group.volumes().size());
            group.volumes().forEach((lun, volume) -> out.writeInt(lun).writeLong(volume.value()));
        }
    }

    /**
     * @param hosts all that are known
     * @param mappings the hosts' own, to which those of the groups are added
     */
    static SortedMap<String, HostGroup> read(
            ByteBuf in,
            Set<String> hosts,
            SortedMap<String, SortedMap<Integer, Mapping>> mappings) {
        TreeMap<String, HostGroup> groups = new TreeMap<>();
        long all = mappings.values().stream().mapToLong(SortedMap::size).sum();
        for (int i = Wire.readCount(in, Limits.HOST_GROUPS_MAX, GROUP_BYTES_MIN); i > 0; i--) {
            HostGroup group = readGroup(in, hosts);
            if (groups.put(group.name(), group) != null) {
                throw new WireFormatException("host group " + group.name() + " is there twice");
            }
            // Checked before it is built: few bytes could ask for very many mappings.
            all += (group.hosts().size() + 1L) * group.volumes().size();
            if (all > Limits.MAPPINGS_MAX) {
                throw new WireFormatException("more than " + Limits.MAPPINGS_MAX + " mappings");
            }
            group.hosts().forEach(host -> addMappings(group, host, mappings));
        }
        return Collections.unmodifiableSortedMap(groups);
    }

    private static HostGroup readGroup(ByteBuf in, Set<String> hosts) {
        String name = Fields.readText(in);
        TreeSet<String> members = new TreeSet<>();
        int count = Wire.readCount(in, Limits.HOSTS_PER_HOST_GROUP_MAX, HOST_BYTES_MIN);
        for (int i = 0; i < count; i++) {
            String host = Fields.readText(in);
            if (!hosts.contains(host) || !members.add(host)) {
                throw new WireFormatException(
                        "host group " + name + " has an unknown host, or one twice: " + host);
            }
        }
        TreeMap<Integer, VolumeId> volumes = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.MAPPINGS_PER_HOST_MAX, VOLUME_BYTES); i > 0; i--) {
            int lun = Wire.readInt(in);
            if (volumes.put(lun, Fields.readVolume(in)) != null) {
                throw new WireFormatException("host group " + name + " has LUN " + lun + " twice");
            }
        }
        return new HostGroup(
                name,
                Collections.unmodifiableSortedSet(members),
                Collections.unmodifiableSortedMap(volumes));
    }

    private static void addMappings(
            HostGroup group, String host, SortedMap<String, SortedMap<Integer, Mapping>> mappings) {
        if (group.volumes().isEmpty()) {
            return;
        }
        SortedMap<Integer, Mapping> before = mappings.get(host);
        TreeMap<Integer, Mapping> ofHost = before == null ? new TreeMap<>() : new TreeMap<>(before);
        group.volumes()
                .forEach((lun, volume) -> {
                    if (ofHost.put(lun, group.mapping(host, lun, volume)) != null) {
                        throw new WireFormatException(
                                "host " + host + " has LUN " + lun + " twice");
                    }
                });
        mappings.put(host, Collections.unmodifiableSortedMap(ofHost));
    }
}
