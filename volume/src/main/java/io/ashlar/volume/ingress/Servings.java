package io.ashlar.volume.ingress;

import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.VolumeRecord;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which owners are known to serve, and to which processes streams stand. */
final class Servings {
    private record Serving(ProcessId owner, long accessEpoch, long tick) {}

    private final ProcessId self;
    private final SortedMap<VolumeId, Serving> servings = new TreeMap<>();
    private final SortedSet<ProcessId> connected = new TreeSet<>();

    Servings(ProcessId self) {
        this.self = self;
    }

    /**
     * @param tick one that the owner issued when it served
     */
    void onServing(VolumeId volume, ProcessId owner, long accessEpoch, long tick) {
        Serving known = servings.get(volume);
        if (known == null || known.accessEpoch < accessEpoch) {
            servings.put(volume, new Serving(owner, accessEpoch, tick));
        }
    }

    /** A tick from which on its owner takes tickets; 0 if none is known. */
    long tick(VolumeRecord volume) {
        Serving serving = servings.get(volume.id());
        return serving != null
                        && serving.accessEpoch == volume.accessEpoch()
                        && serving.owner.equals(volume.owner())
                ? serving.tick
                : 0;
    }

    boolean isConnected(ProcessId peer) {
        return peer.equals(self) || connected.contains(peer);
    }

    void onConnected(ProcessId peer) {
        connected.add(peer);
    }

    void onDisconnected(ProcessId peer) {
        connected.remove(peer);
    }

    void onView(ControlState view) {
        servings.keySet().retainAll(view.volumes().keySet());
    }

    /** Whether a command for the volume would now be taken, by an owner of at least this epoch. */
    boolean isServed(VolumeRecord volume, long accessEpochMin) {
        Serving serving = servings.get(volume.id());
        return serving != null
                && serving.owner.equals(volume.owner())
                && serving.accessEpoch == volume.accessEpoch()
                && serving.accessEpoch >= accessEpochMin
                && isConnected(serving.owner);
    }
}
