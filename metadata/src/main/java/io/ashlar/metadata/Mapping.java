package io.ashlar.metadata;

import io.ashlar.common.VolumeId;
import java.util.Optional;

/**
 * A volume shown to a host.
 *
 * @param host the host's initiator name
 * @param volume the volume
 * @param lun 0 to 16383
 * @param group the host group that it comes from; absent if it is the host's own
 */
public record Mapping(String host, VolumeId volume, int lun, Optional<String> group) {
    /** A host's own. */
    public Mapping(String host, VolumeId volume, int lun) {
        this(host, volume, lun, Optional.empty());
    }
}
