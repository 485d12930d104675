package io.ashlar.systemtests.iscsi;

import java.io.IOException;

/** The target answered the login with a status other than success (RFC 7143 section 11.13.5). */
public final class LoginRefused extends IOException {
    private final int status;

    LoginRefused(int status) {
        super("login refused, status 0x%04x".formatted(status));
        this.status = status;
    }

    /** Status class in the high byte, detail in the low one. */
    public int status() {
        return status;
    }
}
