package io.ashlar.volume;

import io.ashlar.common.VolumeId;
import java.util.UUID;

/**
 * What a front end tells hosts about a volume.
 *
 * @param id the volume
 * @param name the name that an administrator gave it
 * @param bytes its size, a multiple of {@code logicalBlockBytes}
 * @param logicalBlockBytes 512 or 4096; the physical block is always 4096
 * @param identity derives from cluster and volume id; the same from every node forever. NAA, EUI-64
 *     and serial are made of it
 * @param readOnly whether writes are refused
 * @param explicitAlua whether hosts may choose its owner (SET TARGET PORT GROUPS)
 * @param atomicBytes a power of two: a write that lies in one aligned stretch of so many bytes is
 *     one step. No read, by whatever path, and no failure, of all nodes at once either, leaves or
 *     shows a part of it
 */
public record VolumeInfo(
        VolumeId id,
        String name,
        long bytes,
        int logicalBlockBytes,
        UUID identity,
        boolean readOnly,
        boolean explicitAlua,
        int atomicBytes) {}
