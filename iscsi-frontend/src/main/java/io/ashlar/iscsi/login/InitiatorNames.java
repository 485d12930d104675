package io.ashlar.iscsi.login;

import java.nio.charset.StandardCharsets;

/**
 * What may be the name of an initiator, RFC 7143 section 4.2.7.1. Names go into logs, into messages
 * between nodes and into the control state, so one that is longer than the standard has it, or that
 * would not look like what it is, is none.
 */
public final class InitiatorNames {
    /** Longest name, in bytes of UTF-8. */
    private static final int BYTES_MAX = 223;

    /** What bytes that are no UTF-8 are read as. */
    private static final int REPLACEMENT = 0xFFFD;

    private InitiatorNames() {}

    public static boolean isName(String name) {
        return !name.isEmpty()
                && name.length() <= BYTES_MAX
                && name.getBytes(StandardCharsets.UTF_8).length <= BYTES_MAX
                && name.codePoints().allMatch(InitiatorNames::isPartOfName);
    }

    private static boolean isPartOfName(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            default -> c != ',' && c != REPLACEMENT;
        };
    }
}
