package io.ashlar.iscsi.scsi;

import java.lang.reflect.Field;
import java.util.HashSet;
import java.util.Set;

/** What this target may say with CHECK CONDITION. */
public final class LegalSense {
    public static final int ILLEGAL_REQUEST = Sense.ILLEGAL_REQUEST_KEY;
    public static final int DATA_PROTECT = Sense.DATA_PROTECT_KEY;
    public static final int COPY_ABORTED = Sense.COPY_ABORTED_KEY;
    public static final int UNIT_ATTENTION = Sense.UNIT_ATTENTION_KEY;
    private static final Set<Integer> ALL = all();

    private LegalSense() {}

    private static Set<Integer> all() {
        Set<Integer> all = new HashSet<>();
        for (UnitAttention each : UnitAttention.values()) {
            all.add(number(each.sense().key(), each.sense().code()));
        }
        all.add(
                number(
                        ModePages.SAVING_NOT_SUPPORTED.key(),
                        ModePages.SAVING_NOT_SUPPORTED.code()));
        try {
            for (Field field : Sense.class.getDeclaredFields()) {
                if (field.getType() == Sense.class) {
                    Sense sense = (Sense) field.get(null);
                    all.add(number(sense.key(), sense.code()));
                }
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
        all.remove(number(0, 0));
        all.remove(number(Sense.INTERNAL.key(), Sense.INTERNAL.code()));
        return all;
    }

    private static int number(int key, int code) {
        return key << 16 | code;
    }

    public static boolean has(int key, int code) {
        return ALL.contains(number(key, code));
    }

    /** Whether a command that ends so has done nothing. */
    public static boolean isBeforeAnyEffect(int key) {
        return key == ILLEGAL_REQUEST
                || key == DATA_PROTECT
                || key == COPY_ABORTED
                || key == UNIT_ATTENTION;
    }
}
