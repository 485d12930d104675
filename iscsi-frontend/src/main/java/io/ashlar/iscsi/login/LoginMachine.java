package io.ashlar.iscsi.login;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Nonces;
import io.ashlar.common.Payload;
import io.ashlar.common.WireFormatException;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.LoginStatus;
import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The login phase of one connection, RFC 7143 sections 6.3 and 11.12: requests in, {@link
 * LoginOutcome}s out. Knows nothing of sockets or sessions; owned by the connection's shard.
 *
 * <pre>
 *   security (0) ──T,NSG=1──► operational (1) ──T,NSG=3──► full feature phase (3)
 *        └────────────────────T,NSG=3─────────────────────────────▲
 * </pre>
 */
public final class LoginMachine {
    /** A login response carries at most this much text; larger answers go on with the C bit. */
    private static final int RESPONSE_TEXT_BYTES_MAX = 8192;

    /** What the login must know of the target. */
    public interface Target {
        /** Whether logins may be answered at all. */
        boolean isReady();

        String name();

        int portalGroupTag();

        /** What an initiator must prove itself with, if with anything. */
        Optional<ChapSecrets> chap(String initiatorName);

        /** Where challenges come from. */
        Nonces nonces();
    }

    private final Target target;
    private final LoginLimits limits;
    private final int commandWindow;
    private final Authentication authentication;
    private final Negotiation negotiation;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private byte[] unsent = new byte[0];
    private int unsentFrom;

    /** The last request of an answer that is still being sent in parts. */
    private @Nullable LoginRequestPdu first;

    private @Nullable LoginIdentity identity;
    private int stage = LoginRequestPdu.SECURITY;
    private int statSn = 1;
    private int requests;

    /**
     * @param commandWindow how many commands may be sent at once after the login
     */
    public LoginMachine(Target target, LoginLimits limits, int commandWindow) {
        this.target = target;
        this.limits = limits;
        this.commandWindow = commandWindow;
        this.authentication = new Authentication(target.name(), target.nonces());
        this.negotiation = new Negotiation(limits);
    }

    /** The StatSN of the next response. */
    public int statSn() {
        return statSn;
    }

    /** Takes one Login Request with its text. */
    public LoginOutcome onRequest(LoginRequestPdu request, byte[] data, int offset, int length) {
        if (first == null) {
            if (!target.isReady()) {
                return refuse(
                        request,
                        LoginStatus.SERVICE_UNAVAILABLE,
                        "this node has not caught up with the cluster yet");
            }
            if (request.versionMin() > 0) {
                return refuse(
                        request,
                        LoginStatus.UNSUPPORTED_VERSION,
                        "iSCSI version " + request.versionMin() + " or above is asked for");
            }
            if (request.tsih() != 0) {
                // sessions here have one connection, which is the one that began them
                return refuse(
                        request,
                        LoginStatus.SESSION_DOES_NOT_EXIST,
                        "a further connection for session " + request.tsih());
            }
            first = request;
            stage = request.currentStage();
        } else if (request.isid() != first.isid()
                || request.cid() != first.cid()
                || request.tsih() != 0) {
            return refuse(request, LoginStatus.INITIATOR_ERROR, "ISID, CID or TSIH changed");
        }
        if (!isLegalStage(request)) {
            return refuse(request, LoginStatus.INITIATOR_ERROR, "stages out of order");
        }
        stage = request.currentStage();
        if (++requests > limits.requestsMax()) {
            // also ends a text that goes on and on without getting longer
            return refuse(
                    request,
                    LoginStatus.INITIATOR_ERROR,
                    "more than " + limits.requestsMax() + " login requests");
        }
        if (text.size() + length > limits.textBytesMax()) {
            return refuse(
                    request,
                    LoginStatus.INITIATOR_ERROR,
                    "more than " + limits.textBytesMax() + " bytes of text");
        }
        text.write(data, offset, length);
        if (request.continued()) {
            return new LoginOutcome.Reply(
                    response(request, false, false, LoginStatus.SUCCESS), Payload.EMPTY);
        }
        if (unsentFrom < unsent.length) {
            if (text.size() > 0) {
                return refuse(request, LoginStatus.INITIATOR_ERROR, "text before ours has ended");
            }
            return reply(request);
        }
        return onText(request);
    }

    private boolean isLegalStage(LoginRequestPdu request) {
        int current = request.currentStage();
        int next = request.nextStage();
        boolean known =
                current == LoginRequestPdu.SECURITY || current == LoginRequestPdu.OPERATIONAL;
        if (!known || current < stage || (request.transit() && request.continued())) {
            return false;
        }
        boolean allowed =
                next == LoginRequestPdu.OPERATIONAL || next == LoginRequestPdu.FULL_FEATURE;
        return !request.transit() || (next > current && allowed);
    }

    private LoginOutcome onText(LoginRequestPdu request) {
        SequencedMap<String, String> offered;
        try {
            offered = TextKeys.parse(text.toByteArray(), text.size());
        } catch (WireFormatException e) {
            return refuse(request, LoginStatus.INITIATOR_ERROR, String.valueOf(e.getMessage()));
        }
        text.reset();
        SequencedMap<String, String> answers = new LinkedHashMap<>();
        LoginOutcome refusal = identity == null ? identify(request, offered, answers) : null;
        if (refusal != null) {
            return refusal;
        }
        offered.remove("InitiatorAlias");
        Authentication.Problem problem = authentication.onKeys(request, offered, answers);
        if (problem != null) {
            return refuse(request, problem.status(), problem.reason());
        }
        String error = negotiation.answer(offered, answers);
        if (error != null) {
            return refuse(request, LoginStatus.INITIATOR_ERROR, error);
        }
        if (request.currentStage() == LoginRequestPdu.OPERATIONAL) {
            negotiation.declare(answers);
        }
        unsent = TextKeys.format(answers);
        unsentFrom = 0;
        return reply(request);
    }

    /** Learns from the first request who is there; null if all is well. */
    private @Nullable LoginOutcome identify(
            LoginRequestPdu request,
            SequencedMap<String, String> offered,
            SequencedMap<String, String> answers) {
        String initiator = offered.remove("InitiatorName");
        String targetName = offered.remove("TargetName");
        String type = offered.remove("SessionType");
        if (initiator == null) {
            return refuse(request, LoginStatus.MISSING_PARAMETER, "InitiatorName is missing");
        }
        if (!InitiatorNames.isName(initiator)) {
            return refuse(request, LoginStatus.INITIATOR_ERROR, "InitiatorName is none");
        }
        boolean discovery = "Discovery".equals(type);
        if (type != null && !discovery && !type.equals("Normal")) {
            return refuse(request, LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "unknown SessionType");
        }
        if (!discovery) {
            if (targetName == null) {
                return refuse(request, LoginStatus.MISSING_PARAMETER, "TargetName is missing");
            }
            if (!targetName.equalsIgnoreCase(target.name())) {
                return refuse(
                        request, LoginStatus.NOT_FOUND, initiator + " asks for another target");
            }
            answers.put("TargetPortalGroupTag", Integer.toString(target.portalGroupTag()));
        }
        authentication.begin(initiator, target.chap(initiator));
        identity = new LoginIdentity(initiator, request.isid(), request.cid(), discovery);
        return null;
    }

    /**
     * Sends the next part of the answer; only its last part may change the stage, and none may
     * before the initiator has authenticated itself.
     */
    private LoginOutcome reply(LoginRequestPdu request) {
        int bytes = Math.min(unsent.length - unsentFrom, RESPONSE_TEXT_BYTES_MAX);
        Payload part = Payload.of(unsent).slice(unsentFrom, bytes);
        unsentFrom += bytes;
        boolean more = unsentFrom < unsent.length;
        boolean transit = request.transit() && !more && authentication.isDone();
        LoginResponsePdu response = response(request, transit, more, LoginStatus.SUCCESS);
        if (!transit) {
            return new LoginOutcome.Reply(response, part);
        }
        stage = request.nextStage();
        if (stage == LoginRequestPdu.FULL_FEATURE && identity != null) {
            return new LoginOutcome.Established(identity, negotiation.result(), response, part);
        }
        return new LoginOutcome.Reply(response, part);
    }

    private LoginOutcome refuse(LoginRequestPdu request, LoginStatus status, String reason) {
        return new LoginOutcome.Refusal(response(request, false, false, status), status, reason);
    }

    private LoginResponsePdu response(
            LoginRequestPdu request, boolean transit, boolean more, LoginStatus status) {
        return new LoginResponsePdu(
                transit,
                more,
                request.currentStage(),
                transit ? request.nextStage() : 0,
                request.isid(),
                0,
                request.initiatorTaskTag(),
                statSn++,
                request.cmdSn(),
                request.cmdSn() + commandWindow - 1,
                status.code());
    }
}
