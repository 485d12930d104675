package io.ashlar.iscsi.login;

import java.util.HexFormat;

/**
 * Who logged in.
 *
 * @param initiatorName IQN, EUI or NAA name
 * @param isid six bytes
 * @param discovery whether the session serves SendTargets only
 */
public record LoginIdentity(String initiatorName, long isid, int cid, boolean discovery) {
    private static final int ISID_HEX_DIGITS = 12;

    /** The initiator port name, RFC 7143 section 3.4.1. */
    public String initiatorPort() {
        return initiatorName + ",i,0x" + HexFormat.of().toHexDigits(isid, ISID_HEX_DIGITS);
    }
}
