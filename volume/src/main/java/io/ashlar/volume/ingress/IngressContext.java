package io.ashlar.volume.ingress;

import io.ashlar.common.Clock;
import io.ashlar.common.Shard;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.volume.VolumeCounters;
import io.ashlar.volume.VolumeSettings;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.wire.Post;

/** What the parts of an ingress share. */
record IngressContext(
        Clock clock,
        Shard shard,
        TicketBook tickets,
        Post post,
        MetadataClient metadata,
        VolumeSettings settings,
        FenceRules rules,
        VolumeCounters counters) {}
