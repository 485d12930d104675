package io.ashlar.systemtests.iscsi;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/** SendTargets in a discovery session (RFC 7143 appendix C). */
public final class Discovery {
    /** A portal of a target, with the tag of its portal group. */
    public record Portal(InetSocketAddress address, int portalGroupTag) {}

    private Discovery() {}

    /** Every target that the portal names, with all its portals in the order of the answer. */
    public static Map<String, List<Portal>> sendTargets(InetSocketAddress portal, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        SessionOptions options = SessionOptions.of(portal, "").withLoginTimeout(timeout);
        try (IscsiSession session = IscsiSession.open(options, true)) {
            byte[] all = TextKeys.encode(Map.of("SendTargets", "All"));
            Pdu answer = session.text(all, timeout);
            if ((answer.int8(1) & 0x80) == 0) {
                throw new ProtocolViolation("an answer in parts: not for a few portals");
            }
            Map<String, List<Portal>> targets = new LinkedHashMap<>();
            List<Portal> portals = null;
            for (Map.Entry<String, String> pair : TextKeys.decode(answer.data())) {
                switch (pair.getKey()) {
                    case "TargetName" -> {
                        portals = new ArrayList<>();
                        targets.put(pair.getValue(), portals);
                    }
                    case "TargetAddress" -> {
                        if (portals == null) {
                            throw new ProtocolViolation("TargetAddress before TargetName");
                        }
                        portals.add(parse(pair.getValue()));
                    }
                    default -> throw new ProtocolViolation("key " + pair.getKey());
                }
            }
            session.logout(timeout);
            return targets;
        }
    }

    private static Portal parse(String address) throws ProtocolViolation {
        int comma = address.lastIndexOf(',');
        int colon = address.lastIndexOf(':', comma);
        if (comma < 0 || colon < 0) {
            throw new ProtocolViolation("TargetAddress=" + address);
        }
        return new Portal(
                new InetSocketAddress(
                        address.substring(0, colon),
                        Integer.parseInt(address.substring(colon + 1, comma))),
                Integer.parseInt(address.substring(comma + 1)));
    }
}
