package io.ashlar.volume.ingress;

import io.ashlar.common.Shard;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** An association as the volume shard knows it. */
final class AssociationState {
    final AssociationId id;
    final long number;
    final AssociationListener listener;
    final Shard shard;
    final AssociationPort port;
    final SortedMap<Long, HostCommand> commands = new TreeMap<>();
    final SortedMap<Long, ConnectionState> connections = new TreeMap<>();
    final List<Runnable> closeWaiters = new ArrayList<>();
    boolean isClosing;
    boolean isClosed;

    AssociationState(
            AssociationId id,
            long number,
            AssociationListener listener,
            Shard shard,
            AssociationPort port) {
        this.id = id;
        this.number = number;
        this.listener = listener;
        this.shard = shard;
        this.port = port;
    }

    /** Tells the front end something, unless it was told to go. */
    void tell(Consumer<AssociationListener> event) {
        if (!isClosing) {
            shard.execute(() -> event.accept(listener));
        }
    }
}
