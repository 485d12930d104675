package io.ashlar.simulation.workload;

import io.ashlar.iscsi.scsi.Sense;
import io.ashlar.simulation.check.Violation;
import io.ashlar.volume.IoError;

/**
 * Why a command got CHECK CONDITION, as an initiator reads it: fixed format, after two bytes of
 * length.
 */
record SenseData(int key, int code) {
    private static final int UNIT_ATTENTION_KEY = 0x6;
    private static final int PATHS_CHANGED = 0x2A06;

    static SenseData of(byte[] segment) {
        return new SenseData(segment[4] & 0xF, ((segment[14] & 0xFF) << 8) | (segment[15] & 0xFF));
    }

    boolean isAttention() {
        return key == UNIT_ATTENTION_KEY;
    }

    boolean isPathChange() {
        return isAttention() && code == PATHS_CHANGED;
    }

    /** What the multipath layer makes of it. A command that met a unit attention goes again. */
    IoError error() {
        if (isAttention()) {
            return IoError.FENCED;
        }
        Sense sense = new Sense(key, code);
        if (sense.equals(Sense.UNAVAILABLE)) {
            return IoError.UNREACHABLE;
        }
        if (sense.equals(Sense.IN_TRANSITION)) {
            return IoError.IN_TRANSITION;
        }
        if (sense.equals(Sense.UNRECOVERED_READ)) {
            return IoError.UNRECOVERED_READ;
        }
        if (sense.equals(Sense.WRITE_FAULT)) {
            return IoError.WRITE_FAULT;
        }
        if (sense.equals(Sense.OUT_OF_SPACE)) {
            return IoError.OUT_OF_SPACE;
        }
        if (sense.equals(Sense.MISCOMPARE)) {
            return IoError.MISCOMPARE;
        }
        throw new Violation("S1", "CHECK CONDITION " + this);
    }
}
