package io.ashlar.metadata;

import io.ashlar.common.VolumeId;

/**
 * A volume shown to a host.
 *
 * @param host the host's initiator name
 * @param volume the volume
 * @param lun 0 to 16383
 */
public record Mapping(String host, VolumeId volume, int lun) {}
