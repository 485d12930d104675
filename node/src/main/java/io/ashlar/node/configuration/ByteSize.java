package io.ashlar.node.configuration;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 1GiB}, {@code 512 MiB}, {@code 4096}. */
public final class ByteSize {
    private static final Pattern FORM =
            Pattern.compile("(\\d{1,19})\\s*(B|[KMGTP]i?B?|)", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "KMGTP";

    private ByteSize() {}

    /**
     * Bytes of a text such as {@code 1GiB}. Units are powers of 1024; {@code G} and {@code GiB} are
     * the same. {@code GB} is refused, as nobody agrees on what it means.
     *
     * @throws IllegalArgumentException with a message that says what is wrong
     */
    public static long parse(String text) {
        Matcher matcher = FORM.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a size; write for example 512MiB or 1GiB");
        }
        String unit = matcher.group(2).toUpperCase(Locale.ROOT);
        if (unit.length() == 2) {
            String letter = unit.substring(0, 1);
            throw new IllegalArgumentException(
                    "'" + text + "': write " + letter + "iB, units are powers of 1024");
        }
        int shift =
                unit.isEmpty() || unit.equals("B") ? 0 : 10 * (UNITS.indexOf(unit.charAt(0)) + 1);
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is too large");
        }
    }

    /** The shortest exact form, or one decimal where there is none. */
    public static String format(long bytes) {
        int unit = 0;
        long whole = bytes;
        while (unit < UNITS.length() && whole >= 1024 && whole % 1024 == 0) {
            whole /= 1024;
            unit++;
        }
        if ((unit > 0 && whole < 10_240) || bytes < 1024) {
            return unit == 0 ? bytes + " B" : whole + " " + UNITS.charAt(unit - 1) + "iB";
        }
        double value = bytes;
        unit = 0;
        while (value >= 1024 && unit < UNITS.length()) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %ciB", value, UNITS.charAt(unit - 1));
    }
}
