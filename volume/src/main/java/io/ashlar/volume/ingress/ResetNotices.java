package io.ashlar.volume.ingress;

import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.volume.wire.ToIngress;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which resets this ingress has told its hosts of: an owner tells of its newest one again when a
 * stream begins. Owned by the volume shard.
 */
final class ResetNotices {
    /** The newest of each volume. */
    private final SortedMap<VolumeId, ToIngress.VolumeReset> told = new TreeMap<>();

    /** Whether hosts do not know it yet; from now on they do. */
    boolean isNew(ToIngress.VolumeReset reset) {
        ToIngress.VolumeReset newest = told.get(reset.volume());
        boolean isNew =
                newest == null
                        || reset.accessEpoch() > newest.accessEpoch()
                        || (reset.accessEpoch() == newest.accessEpoch()
                                && reset.number() > newest.number());
        if (isNew) {
            told.put(reset.volume(), reset);
        }
        return isNew;
    }

    void onView(ControlState view) {
        told.keySet().retainAll(view.volumes().keySet());
    }
}
