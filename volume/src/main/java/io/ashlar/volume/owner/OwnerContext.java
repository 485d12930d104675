package io.ashlar.volume.owner;

import io.ashlar.common.Clock;
import io.ashlar.common.Shard;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.replication.BlockGroups;
import io.ashlar.volume.Certificates;
import io.ashlar.volume.VolumeCounters;
import io.ashlar.volume.VolumeSettings;
import io.ashlar.volume.wire.Post;

/**
 * What every owned volume needs from outside.
 *
 * @param readView makes the owner act on the newest view
 */
record OwnerContext(
        Clock clock,
        Shard shard,
        Ticks ticks,
        Post post,
        BlockGroups groups,
        MetadataClient metadata,
        VolumeSettings settings,
        FenceRules rules,
        OwnershipProof proof,
        OwnedBytes bytes,
        Runnable readView,
        VolumeCounters counters,
        Certificates certificates) {}
