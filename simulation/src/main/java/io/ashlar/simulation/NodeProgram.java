package io.ashlar.simulation;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.simulation.world.SimMetadata;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimTransport;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.VolumeService;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What a simulated process runs: the shipping code, put together as the daemon does it. */
public interface NodeProgram {
    /** The groups of the process as its owners and the invariants see them. */
    interface Running {
        /** Begins its work; the transport has been started. */
        void begin();

        BlockGroups groups();

        /**
         * What hosts use, if the program serves volumes; else an owner of the simulation's does.
         */
        default Optional<VolumeService> volumes() {
            return Optional.empty();
        }

        /** What their sessions share, if the program serves iSCSI. */
        default Optional<TargetContext> iscsi() {
            return Optional.empty();
        }

        /** Moves a volume away by plan, if the program can. */
        default void move(VolumeId volume, NodeId to) {}

        /** The fence certificates that it has left for a volume. */
        default List<FenceCertificate> certificates(VolumeId volume) {
            return List.of();
        }

        /**
         * Whether the process would answer a read of the group from its own store at this instant.
         */
        boolean holdsFullLease(PgId pg);

        /** Whether it hears too few of the others to judge them. */
        boolean isDeaf();

        /** Whether it teaches a learner of some group now. */
        boolean isTeaching();

        /** How the scrubs of the groups that it leads stand, if the program has any. */
        default Optional<List<ScrubStatus>> scrubs() {
            return Optional.empty();
        }

        /** The groups as the process sees them, for people. */
        String describe();
    }

    /**
     * Builds it; families are registered with the transport, which is started afterwards.
     *
     * @param fatal ends the process, which can no longer keep its promises
     */
    Running start(
            SimProcess process,
            SimTransport transport,
            SimMetadata metadata,
            List<ChunkDevice> devices,
            Consumer<String> fatal);
}
