/**
 * Placement groups: how their replicas stay equal and readable, and how nodes talk to each other.
 * An owner of a volume uses {@link io.ashlar.replication.BlockGroups}; other modules' messages
 * travel by {@link io.ashlar.replication.PeerTransport}.
 */
@NullMarked
package io.ashlar.replication;

import org.jspecify.annotations.NullMarked;
