package io.ashlar.iscsi.login;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.LoginStatus;

/** What a login request leads to. */
public sealed interface LoginOutcome {
    /** The login goes on. */
    record Reply(LoginResponsePdu response, Payload text) implements LoginOutcome {}

    /** It has failed; the connection is closed after the response. */
    record Refusal(LoginResponsePdu response, LoginStatus status, String reason)
            implements LoginOutcome {}

    /**
     * All is agreed. The response goes out, with the new TSIH, once the session stands.
     *
     * @param response the final response, its TSIH still 0
     */
    record Established(
            LoginIdentity identity,
            SessionParameters parameters,
            LoginResponsePdu response,
            Payload text)
            implements LoginOutcome {}
}
