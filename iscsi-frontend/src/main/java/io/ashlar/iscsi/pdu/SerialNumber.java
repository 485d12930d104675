package io.ashlar.iscsi.pdu;

/**
 * Comparison of CmdSN, ExpCmdSN, MaxCmdSN and StatSN by serial number arithmetic, RFC 1982, as RFC
 * 7143 section 4.2.2.1 demands. Sums wrap by themselves.
 */
public final class SerialNumber {
    private SerialNumber() {}

    /** Whether {@code a} comes before {@code b}. Of two that are 2^31 apart neither does. */
    public static boolean isBefore(int a, int b) {
        int distance = b - a;
        return distance > 0;
    }

    /** Whether {@code first <= number <= last}; an empty window ends one before its beginning. */
    public static boolean isWithin(int number, int first, int last) {
        return !isBefore(number, first) && !isBefore(last, number);
    }
}
