package io.ashlar.metadata;

import io.ashlar.common.VolumeId;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * Hosts that see the same volumes under the same LUNs, such as a cluster of hypervisors; each may
 * see others beside them.
 *
 * @param name as an operator gave it
 * @param hosts initiator names of known hosts
 * @param volumes by LUN
 */
public record HostGroup(
        String name, SortedSet<String> hosts, SortedMap<Integer, VolumeId> volumes) {
    /** One of its mappings, as one of its hosts has it. */
    public Mapping mapping(String host, int lun, VolumeId volume) {
        return new Mapping(host, volume, lun, Optional.of(name));
    }
}
