package io.ashlar.simulation.workload;

import io.ashlar.iscsi.login.TextKeys;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.simulation.world.SimRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** An initiator's one login request, RFC 7143 section 6.3, and what comes of it. */
final class InitiatorLogin {
    /** Every login of a host to a node has it, so that it takes the place of the one before. */
    private static final long ISID = 0x80_0000_0001L;

    static final int FIRST_CMD_SN = 0xFFFF_FFF0;

    private final SequencedMap<String, String> offered = new LinkedHashMap<>();
    boolean immediateData;
    boolean initialR2t;
    int firstBurst;
    int segmentMax;
    int protocolLevel;

    InitiatorLogin(String initiatorName, String targetName, SimRandom random) {
        offered.put("InitiatorName", initiatorName);
        offered.put("TargetName", targetName);
        offered.put("SessionType", "Normal");
        offered.put("ImmediateData", random.chance(0.5) ? "Yes" : "No");
        offered.put("InitialR2T", random.chance(0.5) ? "Yes" : "No");
        offered.put("MaxBurstLength", random.pick(List.of("8192", "65536")));
        offered.put("FirstBurstLength", random.pick(List.of("512", "4096", "8192")));
        offered.put("MaxRecvDataSegmentLength", random.pick(List.of("4096", "65536")));
        offered.put("MaxOutstandingR2T", random.pick(List.of("1", "4")));
        if (random.chance(0.8)) {
            offered.put("iSCSIProtocolLevel", random.pick(List.of("1", "2", "31")));
        }
    }

    LoginRequestPdu request() {
        return new LoginRequestPdu(
                true,
                false,
                LoginRequestPdu.OPERATIONAL,
                LoginRequestPdu.FULL_FEATURE,
                0,
                0,
                ISID,
                0,
                1,
                0,
                FIRST_CMD_SN,
                0);
    }

    byte[] text() {
        return TextKeys.format(offered);
    }

    /** Takes over what was agreed. */
    void onAnswer(byte[] text) {
        Map<String, String> agreed = TextKeys.parse(text, text.length);
        immediateData = agreed.getOrDefault("ImmediateData", "Yes").equals("Yes");
        initialR2t = agreed.getOrDefault("InitialR2T", "Yes").equals("Yes");
        firstBurst = Integer.parseInt(agreed.getOrDefault("FirstBurstLength", "65536"));
        protocolLevel = Integer.parseInt(agreed.getOrDefault("iSCSIProtocolLevel", "1"));
        segmentMax = Integer.parseInt(agreed.getOrDefault("MaxRecvDataSegmentLength", "8192"));
    }
}
