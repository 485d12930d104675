package io.ashlar.simulation;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.login.LoginLimits;
import io.ashlar.iscsi.session.MemoryBudget;
import io.ashlar.iscsi.session.SessionLimits;
import io.ashlar.iscsi.session.SessionRegistry;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.simulation.world.SimMetadata;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimTransport;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.VolumeNode;
import io.ashlar.volume.VolumeService;
import io.ashlar.volume.VolumeSettings;
import io.ashlar.volume.owner.FenceRules;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Groups and volumes that ship, put together as the daemon does it; hosts come from outside. */
public final class VolumeProgram implements NodeProgram {
    private final ReplicationProgram replication;
    private static final SessionLimits SESSION_LIMITS =
            new SessionLimits(8, 4, 96 * 1024, 10, 3, 3);
    private static final LoginLimits LOGIN_LIMITS =
            new LoginLimits(8_192, 16_384, 8_192, 2, 16_384, 64);
    private static final long SESSIONS_BYTES_MAX = 256 * 1024;

    private final FenceRules rules;
    private final SessionRules sessionRules;

    public VolumeProgram(
            ReplicationProgram replication, FenceRules rules, SessionRules sessionRules) {
        this.replication = replication;
        this.rules = rules;
        this.sessionRules = sessionRules;
    }

    @Override
    public Running start(
            SimProcess process,
            SimTransport transport,
            SimMetadata metadata,
            List<ChunkDevice> devices,
            Consumer<String> fatal) {
        Running groups = replication.start(process, transport, metadata, devices, fatal);
        VolumeNode volumes =
                new VolumeNode(
                        process.id(),
                        process.clock(),
                        process.random().split(),
                        process.shard("volumes"),
                        transport,
                        groups.groups(),
                        metadata,
                        groups::isDeaf,
                        VolumeSettings.defaults(),
                        rules);
        TargetContext target =
                new TargetContext(
                        "iqn.2026-11.io.ashlar:simulation",
                        volumes.service(),
                        SESSION_LIMITS,
                        LOGIN_LIMITS,
                        new SessionRegistry(),
                        new MemoryBudget(SESSIONS_BYTES_MAX),
                        byte[]::new, // no host here has a secret
                        sessionRules);
        return new Running() {
            @Override
            public void begin() {
                groups.begin();
                volumes.start();
            }

            @Override
            public BlockGroups groups() {
                return groups.groups();
            }

            @Override
            public Optional<VolumeService> volumes() {
                return Optional.of(volumes.service());
            }

            @Override
            public Optional<TargetContext> iscsi() {
                return Optional.of(target);
            }

            @Override
            public void move(VolumeId volume, NodeId to) {
                volumes.moves()
                        .move(
                                volume,
                                to,
                                process.shard("moves"),
                                result ->
                                        process.world().trace("%s to %s: %s", volume, to, result));
            }

            @Override
            public List<FenceCertificate> certificates(VolumeId volume) {
                return volumes.moves().certificates(volume);
            }

            @Override
            public boolean holdsFullLease(PgId pg) {
                return groups.holdsFullLease(pg);
            }

            @Override
            public boolean isDeaf() {
                return groups.isDeaf();
            }

            @Override
            public boolean isTeaching() {
                return groups.isTeaching();
            }

            @Override
            public Optional<List<ScrubStatus>> scrubs() {
                return groups.scrubs();
            }

            @Override
            public String describe() {
                return groups.describe();
            }
        };
    }
}
