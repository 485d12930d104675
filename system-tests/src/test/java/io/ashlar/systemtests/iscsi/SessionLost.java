package io.ashlar.systemtests.iscsi;

import java.io.IOException;

/** The session has ended, so that the outcome of the command is not known. */
public final class SessionLost extends IOException {
    SessionLost(String session, Throwable cause) {
        super(session + " lost: " + cause, cause);
    }
}
