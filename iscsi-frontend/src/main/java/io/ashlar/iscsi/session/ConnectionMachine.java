package io.ashlar.iscsi.session;

import io.ashlar.common.Check;
import io.ashlar.common.Payload;
import io.ashlar.common.Shard;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.login.LoginIdentity;
import io.ashlar.iscsi.login.LoginMachine;
import io.ashlar.iscsi.login.LoginOutcome;
import io.ashlar.iscsi.login.SessionParameters;
import io.ashlar.iscsi.pdu.DataArea;
import io.ashlar.iscsi.pdu.InitiatorPdu;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.LoginStatus;
import io.ashlar.iscsi.pdu.PduDecoder;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationId;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Life of one iSCSI target connection, RFC 7143 section 8.1. Owned by one {@link Shard}; not
 * thread-safe; does no I/O.
 *
 * <pre>
 *   XPT_UP ──login request──► IN_LOGIN ──agreed──► ASSOCIATING ──fenced──► LOGGED_IN
 *      │                         │      └─discovery──────┼──────────────────►  │
 *      │                         │                       │                  logout
 *      ▼                         ▼                       ▼                     ▼
 *   CLOSED ◄── refused, lost, timed out, replaced ── from any state ◄────── IN_LOGOUT
 * </pre>
 */
public final class ConnectionMachine implements PduDecoder.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionMachine.class);

    /** Data segments during login, RFC 7143 section 13.12, in bytes. */
    private static final int LOGIN_DATA_BYTES_MAX = 8192;

    enum State {
        XPT_UP,
        IN_LOGIN,
        ASSOCIATING,
        LOGGED_IN,
        IN_LOGOUT,
        CLOSED
    }

    /** What happens to a connection beside the PDUs that it receives. */
    public sealed interface Event {
        /** The transport is gone. */
        record TransportLost(String reason) implements Event {}

        /** What was sent has left; more may follow. */
        record Writable() implements Event {}

        /** A second has passed. */
        record Tick() implements Event {}

        /** A newer session of the same initiator port is there. */
        record Replaced() implements Event {}

        /** The session's host has reset all that it sees. */
        record ColdReset() implements Event {}

        /** The target shuts down. */
        record Shutdown() implements Event {}

        /** What the session replaced is fenced. */
        record Associated(Association association) implements Event {}
    }

    private final TargetContext target;
    private final String peer;
    private final Shard shard;
    private final Effects effects;
    private final PduDecoder decoder;
    private final LoginMachine login;
    private final SessionRegistry.Member member;
    private State state = State.XPT_UP;
    private LoginOutcome.@Nullable Established established;
    private @Nullable Session session;
    private @Nullable Task begun;
    private long stamp;
    private int tsih;
    private int ticks;
    private boolean replaced;

    /**
     * @param peer the initiator's address, for the log
     */
    public ConnectionMachine(TargetContext target, String peer, Shard shard, Effects effects) {
        this.target = target;
        this.peer = peer;
        this.shard = shard;
        this.effects = effects;
        this.decoder = new PduDecoder(this, LOGIN_DATA_BYTES_MAX);
        this.login = new LoginMachine(target, target.login(), target.limits().commandWindow());
        this.member =
                new SessionRegistry.Member() {
                    @Override
                    public void onReplaced() {
                        shard.execute(() -> step(new Event.Replaced()));
                    }

                    @Override
                    public void onColdReset() {
                        shard.execute(() -> step(new Event.ColdReset()));
                    }
                };
    }

    State state() {
        return state;
    }

    /** Commands that wait for memory or for their turn. */
    int waitingCount() {
        return session == null ? 0 : session.waitingCount();
    }

    /** Whether the login is over, one way or the other. */
    public boolean isPastLogin() {
        return state != State.XPT_UP && state != State.IN_LOGIN;
    }

    /** For the transport: digests and limits of what is received from here on. */
    public void configureDecoder(boolean headerDigest, boolean dataDigest, int bytesMax) {
        decoder.configure(headerDigest, dataDigest, bytesMax);
    }

    /**
     * Takes what was read from the socket; borrows it.
     *
     * @param queueEmpty whether the read emptied the socket's receive queue
     */
    public void onRead(ByteBuf in, boolean queueEmpty) {
        assert shard.isCurrent();
        Session running = session;
        if (running != null && state == State.LOGGED_IN) {
            ticks = 0;
            // told before the commands are stamped that these bytes hold; what was left of the
            // read before has its stamp already
            running.onRead(in.readableBytes(), queueEmpty);
        }
        decoder.decode(in);
    }

    /** Applies one event. */
    public void step(Event event) {
        assert shard.isCurrent();
        switch (event) {
            case Event.TransportLost(String reason) -> onLost(reason);
            case Event.Writable() -> {
                if (session != null) {
                    session.credit().admit();
                }
            }
            case Event.Tick() -> onTick();
            case Event.Replaced() -> onReplaced();
            case Event.ColdReset() -> onEnd("TARGET COLD RESET by the host");
            case Event.Shutdown() -> onEnd("target shuts down");
            case Event.Associated(Association association) -> onAssociated(association);
        }
    }

    // ---- the stream

    @Override
    public void onFirstByte() {
        Session running = session;
        stamp = running != null && state == State.LOGGED_IN ? running.stamp() : 0;
    }

    @Override
    public void onHeader(InitiatorPdu pdu, DataArea area) {
        begun = null;
        Session running = session;
        if (running != null && state == State.LOGGED_IN) {
            begun = running.onHeader(pdu, area, stamp);
        }
    }

    @Override
    public void onPdu(InitiatorPdu pdu, DataArea area, boolean dataIntact) {
        switch (state) {
            case XPT_UP, IN_LOGIN -> {
                if (pdu instanceof LoginRequestPdu request) {
                    onLogin(request, area);
                } else {
                    drop("first PDU is no login request");
                }
            }
            case ASSOCIATING -> drop("PDU before the login was answered");
            case LOGGED_IN -> {
                Session running = session;
                if (running != null) {
                    running.onPdu(pdu, area, dataIntact, begun);
                }
            }
            case IN_LOGOUT, CLOSED -> {}
        }
    }

    @Override
    public void onBroken(String reason) {
        drop(reason);
    }

    // ---- login

    private void onLogin(LoginRequestPdu request, DataArea area) {
        if (state == State.XPT_UP) {
            moveTo(State.IN_LOGIN);
        }
        LoginOutcome outcome = login.onRequest(request, area.array(), area.offset(), area.length());
        switch (outcome) {
            case LoginOutcome.Reply(var response, var text) -> effects.send(response, text);
            case LoginOutcome.Refusal(var response, var status, var reason) -> {
                effects.send(response, Payload.EMPTY);
                drop("login refused, " + status + ": " + reason);
            }
            case LoginOutcome.Established agreed -> onAgreed(agreed);
        }
    }

    private void onAgreed(LoginOutcome.Established agreed) {
        established = agreed;
        moveTo(State.ASSOCIATING);
        LoginIdentity identity = agreed.identity();
        Session begins =
                new Session(
                        target,
                        identity,
                        agreed.parameters(),
                        agreed.response().expCmdSn(),
                        login.statSn(),
                        effects,
                        new Lifecycle());
        session = begins;
        if (identity.discovery()) {
            tsih = 1;
            onEstablished(agreed);
            return;
        }
        tsih = target.sessions().enter(identity, member);
        if (tsih == 0) {
            refuse(agreed, LoginStatus.OUT_OF_RESOURCES);
            return;
        }
        AssociationId id =
                new AssociationId(
                        identity.initiatorName(),
                        target.rules().has(Rule.REINSTATEMENT)
                                ? identity.initiatorPort()
                                : identity.initiatorPort() + "#" + tsih,
                        target.volumes().localNode());
        target.volumes()
                .associate(
                        id, begins, shard, association -> step(new Event.Associated(association)));
    }

    private void refuse(LoginOutcome.Established agreed, LoginStatus status) {
        LoginResponsePdu r = agreed.response();
        effects.send(
                new LoginResponsePdu(
                        false,
                        false,
                        r.currentStage(),
                        0,
                        r.isid(),
                        0,
                        r.initiatorTaskTag(),
                        r.statSn(),
                        r.expCmdSn(),
                        r.maxCmdSn(),
                        status.code()),
                Payload.EMPTY);
        drop("login refused, " + status);
    }

    private void onAssociated(Association association) {
        LoginOutcome.Established agreed = established;
        Session begins = session;
        if (state != State.ASSOCIATING || agreed == null || begins == null) {
            // gone meanwhile; if a newer session took the place, that one has fenced this
            if (!replaced) {
                association.close(() -> {});
            }
            return;
        }
        begins.associated(association);
        onEstablished(agreed);
    }

    private void onEstablished(LoginOutcome.Established agreed) {
        moveTo(State.LOGGED_IN);
        ticks = 0;
        LoginResponsePdu r = agreed.response();
        effects.send(
                new LoginResponsePdu(
                        r.transit(),
                        r.continued(),
                        r.currentStage(),
                        r.nextStage(),
                        r.isid(),
                        tsih,
                        r.initiatorTaskTag(),
                        r.statSn(),
                        r.expCmdSn(),
                        r.maxCmdSn(),
                        r.status()),
                agreed.text());
        SessionParameters parameters = agreed.parameters();
        // the last login response is without digests still, section 6.3.4
        effects.configure(
                parameters.headerDigest(),
                parameters.dataDigest(),
                parameters.maxReceiveDataSegmentLength());
    }

    // ---- the end

    private void onTick() {
        ticks++;
        switch (state) {
            case XPT_UP, IN_LOGIN, ASSOCIATING -> {
                if (ticks > target.limits().loginSeconds()) {
                    drop("login took too long");
                }
            }
            case LOGGED_IN -> {
                Session running = session;
                int idle = target.limits().idleSeconds();
                if (running == null) {
                    return;
                }
                if (ticks > idle + target.limits().answerSeconds()) {
                    drop("no sign of life for " + ticks + " s");
                } else if (ticks == idle
                        && !running.identity().discovery()
                        && !running.pings().isUnderWay()) {
                    running.pings().request(() -> {});
                }
            }
            case IN_LOGOUT, CLOSED -> {}
        }
    }

    private void onReplaced() {
        replaced = true;
        Session running = session;
        if (running != null) {
            running.replaced();
        }
        drop("session is replaced by a new login of the same initiator port");
    }

    private void onEnd(String reason) {
        if (state == State.LOGGED_IN && session != null) {
            session.announceEnd();
        }
        drop(reason);
    }

    private void onLost(String reason) {
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.XPT_UP || state == State.IN_LOGOUT) {
            close();
        } else {
            drop(reason);
        }
    }

    /** Ends the connection against the initiator's will, with the one line that says why. */
    private void drop(String reason) {
        if (state == State.CLOSED) {
            return;
        }
        Session running = session;
        LOG.info(
                "iSCSI connection from {}{} closed: {}",
                peer,
                running == null ? "" : " (" + running.identity().initiatorPort() + ")",
                reason);
        if (running != null && !running.isEnded()) {
            running.end(() -> {});
        }
        close();
    }

    private void close() {
        if (state == State.CLOSED) {
            return;
        }
        moveTo(State.CLOSED);
        decoder.stop();
        Session running = session;
        if (running != null) {
            target.sessions().leave(running.identity(), member);
        }
        effects.close();
    }

    private void moveTo(State next) {
        Check.invariant(isLegal(state, next), "connection %s -> %s", state, next);
        state = next;
    }

    /** The whole diagram. */
    static boolean isLegal(State from, State to) {
        return switch (from) {
            case XPT_UP -> to == State.IN_LOGIN || to == State.CLOSED;
            case IN_LOGIN -> to == State.ASSOCIATING || to == State.CLOSED;
            case ASSOCIATING -> to == State.LOGGED_IN || to == State.CLOSED;
            case LOGGED_IN -> to == State.IN_LOGOUT || to == State.CLOSED;
            case IN_LOGOUT -> to == State.CLOSED;
            case CLOSED -> false;
        };
    }

    /** What the session may do to its connection. */
    private final class Lifecycle implements Session.Lifecycle {
        @Override
        public void onLogout() {
            if (state == State.LOGGED_IN) {
                moveTo(State.IN_LOGOUT);
                close();
            }
        }

        @Override
        public void onFatal(String reason) {
            onEnd(reason);
        }

        @Override
        public byte[] headerBytes() {
            return decoder.headerBytes();
        }
    }
}
