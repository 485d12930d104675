package io.ashlar.systemtests.iscsi;

import java.io.IOException;

/** The target broke RFC 7143 or SAM. It ends the session, and every test that sees one fails. */
public final class ProtocolViolation extends IOException {
    ProtocolViolation(String what) {
        super("the target broke the protocol: " + what);
    }
}
