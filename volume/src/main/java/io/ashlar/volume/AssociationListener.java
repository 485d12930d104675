package io.ashlar.volume;

import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.Notice;

/** What a front end is told about an association, on the association's shard. */
public interface AssociationListener {
    /** Another association reset the volume: unit attention 29h/01h to 29h/03h, or its equal. */
    void volumeReset(VolumeId volume, Reset reset);

    /** The volume's path states have changed: unit attention 2Ah/06h, or an ANA change event. */
    void pathsChanged(VolumeId volume);

    /**
     * The set of volumes mapped to the host has changed: unit attention 3Fh/0Eh, or a namespace
     * attribute event.
     */
    void volumesChanged();

    /** The volume's size has changed: unit attention 2Ah/09h. */
    void capacityChanged(VolumeId volume);

    /** What INQUIRY tells of the volume has changed: unit attention 3Fh/03h. */
    void inquiryChanged(VolumeId volume);

    /**
     * Another association took away what this one had of the volume's reservations: unit attention
     * 2Ah/03h, 2Ah/04h or 2Ah/05h, or a reservation notification.
     */
    void reservationsChanged(VolumeId volume, Notice.Kind kind);

    /**
     * The association must end, for example because the node lost the cluster or the host was
     * removed.
     */
    void mustClose(String reason);
}
