package io.ashlar.systemtests.iscsi;

import java.util.LinkedHashMap;
import java.util.Map;

/** What both sides agreed on at login, as far as the initiator needs it (RFC 7143 section 13). */
record Negotiated(
        boolean immediateData,
        boolean initialR2t,
        int firstBurstBytes,
        int maxBurstBytes,
        int sendSegmentBytes,
        int targetPortalGroupTag) {
    private static final int RECEIVE_SEGMENT_BYTES = 256 << 10;
    private static final int MAX_BURST_BYTES = 1 << 20;
    private static final int FIRST_BURST_BYTES = 64 << 10;

    static Map<String, String> offers(SessionOptions options, boolean discovery) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("HeaderDigest", "None");
        keys.put("DataDigest", "None");
        keys.put("MaxRecvDataSegmentLength", Integer.toString(RECEIVE_SEGMENT_BYTES));
        keys.put("DefaultTime2Wait", "2");
        keys.put("DefaultTime2Retain", "0");
        keys.put("ErrorRecoveryLevel", "0");
        if (!discovery) {
            keys.put("InitialR2T", options.initialR2t() ? "Yes" : "No");
            keys.put("ImmediateData", options.immediateData() ? "Yes" : "No");
            keys.put("MaxBurstLength", Integer.toString(MAX_BURST_BYTES));
            keys.put("FirstBurstLength", Integer.toString(FIRST_BURST_BYTES));
            keys.put("MaxConnections", "1");
            keys.put("MaxOutstandingR2T", "1");
            keys.put("DataPDUInOrder", "Yes");
            keys.put("DataSequenceInOrder", "Yes");
        }
        return keys;
    }

    /** Joins our offers and the target's answers by each key's rule. */
    static Negotiated of(SessionOptions options, Map<String, String> answers)
            throws ProtocolViolation {
        expectNone(answers, "HeaderDigest");
        expectNone(answers, "DataDigest");
        return new Negotiated(
                options.immediateData() && !"No".equals(answers.get("ImmediateData")),
                options.initialR2t() || !"No".equals(answers.get("InitialR2T")),
                Math.min(FIRST_BURST_BYTES, number(answers, "FirstBurstLength", 65536)),
                Math.min(MAX_BURST_BYTES, number(answers, "MaxBurstLength", 262144)),
                number(answers, "MaxRecvDataSegmentLength", 8192),
                number(answers, "TargetPortalGroupTag", 0));
    }

    private static void expectNone(Map<String, String> answers, String key)
            throws ProtocolViolation {
        String answer = answers.getOrDefault(key, "None");
        if (!answer.equals("None")) {
            throw new ProtocolViolation(key + "=" + answer + ", only None was offered");
        }
    }

    private static int number(Map<String, String> answers, String key, int otherwise)
            throws ProtocolViolation {
        String answer = answers.get(key);
        if (answer == null) {
            return otherwise;
        }
        try {
            return Integer.decode(answer);
        } catch (NumberFormatException e) {
            throw new ProtocolViolation(key + "=" + answer);
        }
    }
}
