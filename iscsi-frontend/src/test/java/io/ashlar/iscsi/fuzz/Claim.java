package io.ashlar.iscsi.fuzz;

/** What must hold for whatever is sent. Cheap, as it is asked for many thousand times a second. */
public final class Claim {
    private Claim() {}

    /** Fails unless it holds. */
    public static void that(boolean holds, String claim) {
        if (!holds) {
            throw new AssertionError(claim);
        }
    }

    /** Fails unless the number is in the range. */
    public static void within(long number, long min, long max, String what) {
        if (number < min || number > max) {
            throw new AssertionError(what + " is " + number + ", not in " + min + ".." + max);
        }
    }

    /** Whether a text can stand in one line of a log without pretending to be something else. */
    public static boolean isPlain(String text) {
        return text.codePoints().allMatch(Claim::isPlain);
    }

    private static boolean isPlain(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE ->
                    false;
            default -> true;
        };
    }
}
