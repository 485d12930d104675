package io.ashlar.volume.ingress;

import io.ashlar.common.VolumeId;
import java.util.SortedMap;
import java.util.TreeMap;

/** A host connection as the volume shard knows it. */
final class ConnectionState {
    final AssociationState association;
    final long number;

    /** Its counterpart on the association's shard. */
    final ConnectionPort port;

    /** Arrival number when the newest ping was sent that was answered, or at the login. */
    long provenArrival;

    /** Volumes whose owners await a ping, and the arrival number from which one will do. */
    final SortedMap<VolumeId, Long> pingsAwaited = new TreeMap<>();

    ConnectionState(AssociationState association, long number, ConnectionPort port, long arrival) {
        this.association = association;
        this.number = number;
        this.port = port;
        this.provenArrival = arrival;
    }
}
