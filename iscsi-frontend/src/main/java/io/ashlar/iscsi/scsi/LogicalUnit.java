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
    private boolean taskAborted = ModePages.TAS_BY_DEFAULT;

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

    /** TAS, likewise. */
    boolean hasTaskAborted() {
        return taskAborted;
    }

    void taskAborted(boolean isSet) {
        taskAborted = isSet;
    }

    void raise(UnitAttention condition) {
        if (condition.isReset()) {
            descriptorSense = false;
            taskAborted = ModePages.TAS_BY_DEFAULT;
        }
        boolean isCovered = false;
        for (UnitAttention each : UnitAttention.values()) {
            isCovered |= (pending & each.bit()) != 0 && (each.covered() & condition.bit()) != 0;
        }
        if (condition != UnitAttention.COMMANDS_CLEARED || !isCovered) {
            pending = (pending & ~condition.covered()) | condition.bit();
        }
    }

    void clear(UnitAttention condition) {
        pending &= ~condition.bit();
    }

    /** The one to be told first, which stays; null if there is none. */
    @Nullable UnitAttention firstAttention() {
        return pending == 0 ? null : UnitAttention.values()[Integer.numberOfTrailingZeros(pending)];
    }

    int attentions() {
        return Integer.bitCount(pending);
    }

    /** Takes the one to be told first; null if there is none. */
    @Nullable Sense takeAttention() {
        UnitAttention first = firstAttention();
        if (first == null) {
            return null;
        }
        clear(first);
        return first.sense();
    }
}
