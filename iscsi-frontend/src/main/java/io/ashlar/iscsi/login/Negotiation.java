package io.ashlar.iscsi.login;

import java.util.HashSet;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Negotiates the operational keys of one login, key by key as RFC 7143 section 13 writes them. The
 * initiator proposes, we answer; of our own accord we declare only MaxRecvDataSegmentLength.
 *
 * <pre>
 * key                        answer
 * HeaderDigest, DataDigest   the first of the list that we know (CRC32C, None)
 * MaxConnections             1
 * InitialR2T                 theirs (OR, ours No)
 * ImmediateData              theirs (AND, ours Yes)
 * MaxBurstLength             the lesser
 * FirstBurstLength           the lesser, never above MaxBurstLength
 * DefaultTime2Wait           theirs (greater, ours 0)
 * DefaultTime2Retain         0 (lesser): tasks do not outlive a connection
 * MaxOutstandingR2T          the lesser
 * DataPDUInOrder             Yes (OR)
 * DataSequenceInOrder        Yes (OR)
 * ErrorRecoveryLevel         0 (lesser)
 * iSCSIProtocolLevel         the lesser, ours 2: RFC 7144; without the key 1: RFC 7143
 * TaskReporting              RFC3720
 * MaxRecvDataSegmentLength   declared by each side, no answer
 * IFMarker, OFMarker, ...    Reject (obsolete, section 13.26)
 * anything else              NotUnderstood
 * </pre>
 */
final class Negotiation {
    static final String REJECT = "Reject";
    static final String NOT_UNDERSTOOD = "NotUnderstood";
    private static final String YES = "Yes";
    private static final String NO = "No";
    private static final String NONE = "None";
    private static final String CRC32C = "CRC32C";

    /** RFC 7144. */
    private static final int PROTOCOL_LEVEL_MAX = 2;

    /** Bounds of the lengths of section 13, in bytes. */
    private static final int LENGTH_MIN = 512;

    private static final int LENGTH_MAX = 0xFF_FFFF;

    private final LoginLimits limits;
    private final Set<String> seen = new HashSet<>();
    private boolean headerDigest;
    private boolean dataDigest;
    private boolean initialR2t = true;
    private boolean immediateData = true;
    private int maxSendDataSegmentLength = 8192;
    private int maxBurstLength = 262_144;
    private int firstBurstLength = 65_536;
    private int maxOutstandingR2t = 1;
    private int defaultTime2Wait = 2;
    private int protocolLevel = 1;
    private boolean declared;

    Negotiation(LoginLimits limits) {
        this.limits = limits;
    }

    SessionParameters result() {
        return new SessionParameters(
                headerDigest,
                dataDigest,
                initialR2t,
                immediateData,
                maxSendDataSegmentLength,
                declared ? limits.maxReceiveDataSegmentLength() : 8192,
                maxBurstLength,
                Math.min(firstBurstLength, maxBurstLength),
                maxOutstandingR2t,
                defaultTime2Wait,
                0,
                protocolLevel);
    }

    /**
     * Answers what was offered, in order.
     *
     * @return what is wrong with it, else null
     */
    @Nullable String answer(Map<String, String> offered, SequencedMap<String, String> answers) {
        // FirstBurstLength depends on MaxBurstLength, whichever comes first in the text
        String burst = offered.get("MaxBurstLength");
        if (burst != null) {
            int length = number(burst, LENGTH_MIN, LENGTH_MAX);
            if (length >= 0) {
                maxBurstLength = Math.min(length, limits.maxBurstLength());
            }
        }
        for (Map.Entry<String, String> pair : offered.entrySet()) {
            String key = pair.getKey();
            if (!seen.add(key)) {
                return "key " + key + " is negotiated twice";
            }
            String answer = answer(key, pair.getValue());
            if (answer != null) {
                answers.put(key, answer);
            }
        }
        return null;
    }

    /** Declares our own limit, once, when the operational stage is there. */
    void declare(SequencedMap<String, String> answers) {
        if (!declared) {
            declared = true;
            answers.put(
                    "MaxRecvDataSegmentLength",
                    Integer.toString(limits.maxReceiveDataSegmentLength()));
        }
    }

    private @Nullable String answer(String key, String value) {
        return switch (key) {
            case "HeaderDigest" -> {
                String chosen = digest(value);
                headerDigest = chosen.equals(CRC32C);
                yield chosen;
            }
            case "DataDigest" -> {
                String chosen = digest(value);
                dataDigest = chosen.equals(CRC32C);
                yield chosen;
            }
            case "MaxConnections" -> lesser(value, 1, 65_535, 1);
            case "InitialR2T" -> {
                initialR2t = !value.equals(NO);
                yield isBoolean(value) ? value : REJECT;
            }
            case "ImmediateData" -> {
                immediateData = !value.equals(NO);
                yield isBoolean(value) ? value : REJECT;
            }
            case "MaxRecvDataSegmentLength" -> {
                int length = number(value, LENGTH_MIN, LENGTH_MAX);
                if (length < 0) {
                    yield REJECT;
                }
                maxSendDataSegmentLength = length;
                yield null;
            }
            case "MaxBurstLength" ->
                    number(value, LENGTH_MIN, LENGTH_MAX) < 0
                            ? REJECT
                            : Integer.toString(maxBurstLength);
            case "FirstBurstLength" -> {
                int length = number(value, LENGTH_MIN, LENGTH_MAX);
                if (length < 0) {
                    yield REJECT;
                }
                firstBurstLength =
                        Math.min(Math.min(length, limits.firstBurstLength()), maxBurstLength);
                yield Integer.toString(firstBurstLength);
            }
            case "DefaultTime2Wait" -> {
                int seconds = number(value, 0, 3600);
                if (seconds < 0) {
                    yield REJECT;
                }
                defaultTime2Wait = seconds;
                yield Integer.toString(seconds);
            }
            case "DefaultTime2Retain" -> lesser(value, 0, 3600, 0);
            case "MaxOutstandingR2T" -> {
                String answer = lesser(value, 1, 65_535, limits.maxOutstandingR2t());
                if (!answer.equals(REJECT)) {
                    maxOutstandingR2t = Integer.parseInt(answer);
                }
                yield answer;
            }
            case "DataPDUInOrder", "DataSequenceInOrder" -> isBoolean(value) ? YES : REJECT;
            case "ErrorRecoveryLevel" -> lesser(value, 0, 2, 0);
            case "iSCSIProtocolLevel" -> {
                String answer = lesser(value, 0, 31, PROTOCOL_LEVEL_MAX);
                if (!answer.equals(REJECT)) {
                    protocolLevel = Integer.parseInt(answer);
                }
                yield answer;
            }
            case "TaskReporting" -> contains(value, "RFC3720") ? "RFC3720" : REJECT;
            case "IFMarker", "OFMarker", "IFMarkInt", "OFMarkInt" -> REJECT;
            default -> NOT_UNDERSTOOD;
        };
    }

    private static boolean isBoolean(String value) {
        return value.equals(YES) || value.equals(NO);
    }

    private static String digest(String list) {
        for (String offer : list.split(",", -1)) {
            if (offer.equals(CRC32C) || offer.equals(NONE)) {
                return offer;
            }
        }
        return REJECT;
    }

    static boolean contains(String list, String wanted) {
        for (String offer : list.split(",", -1)) {
            if (offer.equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    private static String lesser(String value, int min, int max, int ours) {
        int theirs = number(value, min, max);
        return theirs < 0 ? REJECT : Integer.toString(Math.min(theirs, ours));
    }

    /** A decimal or hexadecimal constant, section 6.1; -1 if it is none or out of range. */
    static int number(String value, int min, int max) {
        boolean hex = value.startsWith("0x") || value.startsWith("0X");
        String digits = hex ? value.substring(2) : value;
        if (digits.isEmpty() || digits.length() > 8 || Character.digit(digits.charAt(0), 16) < 0) {
            return -1;
        }
        try {
            long number = Long.parseLong(digits, hex ? 16 : 10);
            return number < min || number > max ? -1 : (int) number;
        } catch (NumberFormatException notANumber) {
            return -1;
        }
    }
}
