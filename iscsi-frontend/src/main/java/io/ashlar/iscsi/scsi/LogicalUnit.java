package io.ashlar.iscsi.scsi;

import io.ashlar.volume.VolumeInfo;
import org.jspecify.annotations.Nullable;

/** A volume as one I_T nexus sees it (I_T_L nexus), with its pending unit attentions. */
final class LogicalUnit {
    private final int number;
    private VolumeInfo volume;

    /** Bits of {@link UnitAttention}. */
    private int pending = UnitAttention.POWER_ON.bit();

    private boolean descriptorSense;

    LogicalUnit(int number, VolumeInfo volume) {
        this.number = number;
        this.volume = volume;
    }

    int number() {
        return number;
    }

    VolumeInfo volume() {
        return volume;
    }

    void update(VolumeInfo newer) {
        volume = newer;
    }

    int blockBytes() {
        return volume.logicalBlockBytes();
    }

    long blocks() {
        return volume.bytes() / volume.logicalBlockBytes();
    }

    boolean isInRange(long lba, long count) {
        return lba >= 0 && count >= 0 && lba <= blocks() && count <= blocks() - lba;
    }

    /** D_SENSE of the control mode page, as this nexus has set it. */
    boolean hasDescriptorSense() {
        return descriptorSense;
    }

    void descriptorSense(boolean isSet) {
        descriptorSense = isSet;
    }

    void raise(UnitAttention condition) {
        if (condition == UnitAttention.LOGICAL_UNIT_RESET) {
            descriptorSense = false; // mode parameters are as by default again, SPC-4 section 5.10
        }
        // a power-on condition tells of everything that went before, SPC-4 section 6.27
        pending |= condition.bit();
    }

    void clear(UnitAttention condition) {
        pending &= ~condition.bit();
    }

    /** Takes the one to be told first; null if there is none. */
    @Nullable Sense takeAttention() {
        if (pending == 0) {
            return null;
        }
        UnitAttention first = UnitAttention.values()[Integer.numberOfTrailingZeros(pending)];
        pending &= ~first.bit();
        return first.sense();
    }
}
