package io.ashlar.iscsi;

import io.ashlar.common.Nonces;
import io.ashlar.iscsi.login.LoginLimits;
import io.ashlar.iscsi.session.MemoryBudget;
import io.ashlar.iscsi.session.SessionLimits;
import io.ashlar.iscsi.session.SessionRegistry;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.iscsi.transport.IscsiServer;
import io.ashlar.iscsi.transport.TransportLoops;
import io.ashlar.volume.VolumeService;
import java.net.InetSocketAddress;

/**
 * A node's iSCSI target, serving the volumes of a {@link VolumeService}. Safe for use by any
 * thread.
 */
public final class IscsiTarget implements AutoCloseable {
    /** MaxRecvDataSegmentLength that we declare, bytes. */
    private static final int SEGMENT_BYTES_MAX = 256 * 1024;

    /** MaxBurstLength that we offer: one R2T for most writes, bytes. */
    private static final int BURST_BYTES_MAX = 1024 * 1024;

    /** FirstBurstLength that we offer: writes up to this size need no R2T, bytes. */
    private static final int FIRST_BURST_BYTES_MAX = 256 * 1024;

    private static final int OUTSTANDING_R2T_MAX = 8;
    private static final int TEXT_BYTES_MAX = 64 * 1024;
    private static final int LOGIN_REQUESTS_MAX = 64;
    private static final int IMMEDIATE_COMMANDS_MAX = 16;

    private final IscsiServer server;
    private final SessionRegistry sessions;

    private IscsiTarget(IscsiServer server, SessionRegistry sessions) {
        this.server = server;
        this.sessions = sessions;
    }

    /**
     * Binds the port and serves; logins are refused as long as the volumes are not ready.
     *
     * @throws IllegalStateException if the address cannot be bound; the message names it and says
     *     what to do
     */
    public static IscsiTarget start(
            IscsiTargetConfig config, VolumeService volumes, TransportLoops loops) {
        IscsiLimits limits = config.limits();
        SessionRegistry sessions = new SessionRegistry();
        TargetContext target =
                new TargetContext(
                        config.targetName(),
                        volumes,
                        new SessionLimits(
                                limits.commandWindow(),
                                IMMEDIATE_COMMANDS_MAX,
                                limits.inFlightBytesMax(),
                                limits.loginSeconds(),
                                limits.idleSeconds(),
                                limits.answerSeconds()),
                        new LoginLimits(
                                SEGMENT_BYTES_MAX,
                                BURST_BYTES_MAX,
                                FIRST_BURST_BYTES_MAX,
                                OUTSTANDING_R2T_MAX,
                                TEXT_BYTES_MAX,
                                LOGIN_REQUESTS_MAX),
                        sessions,
                        new MemoryBudget(limits.nodeInFlightBytesMax()),
                        Nonces.system(),
                        SessionRules.ALL);
        IscsiServer server =
                IscsiServer.start(
                        loops,
                        new InetSocketAddress(config.address(), config.port()),
                        target,
                        limits.connectionsMax(),
                        limits.halfOpenMax(),
                        limits.halfOpenPerSourceMax());
        return new IscsiTarget(server, sessions);
    }

    /** The address that is bound; its port is the real one if 0 was configured. */
    public InetSocketAddress address() {
        return server.address();
    }

    /** Normal sessions that are open. */
    public int sessionCount() {
        return sessions.size();
    }

    /** Stops listening and ends all sessions, which are told. The loops go on. */
    @Override
    public void close() {
        server.close();
    }
}
