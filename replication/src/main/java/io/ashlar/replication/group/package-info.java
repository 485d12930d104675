/**
 * One placement group on one node: {@link io.ashlar.replication.group.PlacementGroup} holds its
 * configuration and decides who this process is for it; {@link io.ashlar.replication.group.Primary}
 * leads it, {@link io.ashlar.replication.group.Follower} follows or learns, {@link
 * io.ashlar.replication.group.Replica} is what the device holds.
 */
@NullMarked
package io.ashlar.replication.group;

import org.jspecify.annotations.NullMarked;
