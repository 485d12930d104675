package io.ashlar.common.reservation;

/** Types of reservations, with the codes of both protocols. */
public enum ReservationType {
    WRITE_EXCLUSIVE(1, 1),
    EXCLUSIVE_ACCESS(3, 2),
    WRITE_EXCLUSIVE_REGISTRANTS_ONLY(5, 3),
    EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(6, 4),
    WRITE_EXCLUSIVE_ALL_REGISTRANTS(7, 5),
    EXCLUSIVE_ACCESS_ALL_REGISTRANTS(8, 6);

    private final int scsi;
    private final int nvme;

    ReservationType(int scsi, int nvme) {
        this.scsi = scsi;
        this.nvme = nvme;
    }

    /** SPC-4 table 68; also the code on disk and between nodes. */
    public int scsi() {
        return scsi;
    }

    /** NVMe's reservation type (RTYPE). */
    public int nvme() {
        return nvme;
    }

    /** Whether reads of others conflict too. */
    public boolean isExclusiveAccess() {
        return this == EXCLUSIVE_ACCESS
                || this == EXCLUSIVE_ACCESS_REGISTRANTS_ONLY
                || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
    }

    /** Whether every registrant may do what the holder may. */
    public boolean admitsRegistrants() {
        return this != WRITE_EXCLUSIVE && this != EXCLUSIVE_ACCESS;
    }

    /** Whether every registrant is a holder. */
    public boolean isAllRegistrants() {
        return this == WRITE_EXCLUSIVE_ALL_REGISTRANTS || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
    }
}
