package io.ashlar.volume;

import io.ashlar.common.VolumeId;

/** What a front end is told about an association, on the association's shard. */
public interface AssociationListener {
    /** Another association reset the volume: unit attention 29h/03h, or its equal. */
    void volumeReset(VolumeId volume);

    /** The volume's path states have changed: unit attention 2Ah/06h, or an ANA change event. */
    void pathsChanged(VolumeId volume);

    /**
     * The set of volumes mapped to the host has changed: unit attention 3Fh/0Eh, or a namespace
     * attribute event.
     */
    void volumesChanged();

    /** The volume's size has changed: unit attention 2Ah/09h. */
    void capacityChanged(VolumeId volume);

    /**
     * The association must end, for example because the node lost the cluster or the host was
     * removed.
     */
    void mustClose(String reason);
}
