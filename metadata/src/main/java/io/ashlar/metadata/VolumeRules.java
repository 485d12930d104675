package io.ashlar.metadata;

import io.ashlar.common.ProcessId;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Outcome.Reason;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Commands about volumes and who owns them (DESIGN section 6, rules 1 and 2). */
final class VolumeRules {
    private static final byte[] IDENTITY_NAMESPACE =
            "ashlar-volume".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private VolumeRules() {}

    static Result create(Step step, Command.CreateVolume command) {
        ControlState state = step.state();
        String name = command.name();
        if (!state.isInitialized()) {
            return step.rejected(
                    Reason.STALE, "the cluster has no identity yet; initialize it first");
        }
        String problem = geometryProblem(command);
        if (problem != null) {
            return step.rejected(Reason.INVALID, "volume " + Step.quoted(name) + ": " + problem);
        }
        if (state.volumeNamed(name).isPresent()) {
            return step.rejected(
                    Reason.EXISTS, "volume " + name + " exists already; choose another name");
        }
        if (state.volumes().size() >= Limits.VOLUMES_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "the cluster has " + Limits.VOLUMES_MAX + " volumes already; delete one");
        }
        Optional<Pool> pool = state.poolNamed(command.pool());
        if (pool.isEmpty()) {
            return step.rejected(
                    Reason.NOT_FOUND,
                    "there is no pool "
                            + Step.quoted(command.pool())
                            + "; create it, or name another");
        }
        if (command.base() < 0 || command.base() >= pool.get().pgCount()) {
            return step.rejected(
                    Reason.INVALID,
                    "volume "
                            + name
                            + ": first placement group "
                            + command.base()
                            + " is not in 0.."
                            + (pool.get().pgCount() - 1));
        }
        if (!state.isRegistered(command.owner())) {
            return notRegistered(step, name, command.owner());
        }
        NodeRecord node = state.nodes().get(command.owner().node());
        if (node != null && node.adminState() != NodeRecord.AdminState.ACTIVE) {
            return step.rejected(
                    Reason.STALE,
                    "volume " + name + ": " + node.id() + " is cordoned; choose another owner");
        }
        int lun = command.anyHostLun();
        if (lun != -1) {
            String taken = HostRules.takenForAny(state, lun);
            if (taken != null) {
                return step.rejected(
                        Reason.EXISTS,
                        "volume " + name + ": " + taken + "; choose another LUN for it");
            }
        }
        VolumeId id = new VolumeId(state.nextVolumeId());
        VolumeRecord volume =
                new VolumeRecord(
                        id,
                        name,
                        pool.get().id(),
                        command.bytes(),
                        command.chunkBytes(),
                        command.logicalBlockBytes(),
                        command.base(),
                        1,
                        identity(state.clusterId(), id),
                        command.owner(),
                        1,
                        step.index(),
                        null,
                        false,
                        lun,
                        ReservationTable.EMPTY);
        return step.applied(state.withVolume(volume), id.value());
    }

    static Result delete(Step step, Command.DeleteVolume command) {
        ControlState state = step.state();
        VolumeRecord volume = state.volumes().get(command.volume());
        if (volume == null) {
            return notFound(step, command.volume());
        }
        if (volume.accessEpoch() != command.expectedAccessEpoch()) {
            return staleEpoch(step, volume, command.expectedAccessEpoch());
        }
        ControlState next = state.withoutVolume(volume.id());
        for (var entry : state.mappings().entrySet()) {
            SortedMap<Integer, Mapping> left = new TreeMap<>(entry.getValue());
            if (left.values().removeIf(mapping -> mapping.volume().equals(volume.id()))) {
                next = next.withMappings(entry.getKey(), left);
            }
        }
        return step.applied(HostGroupRules.without(next, volume.id()));
    }

    /**
     * Only larger: nothing that was issued under the former size is out of place after it, so no
     * owner has to be drained for that (DESIGN section 6, rule 10), and nobody's data goes.
     */
    static Result grow(Step step, Command.GrowVolume command) {
        VolumeRecord volume = step.state().volumes().get(command.volume());
        if (volume == null) {
            return notFound(step, command.volume());
        }
        String start = "volume " + volume.name() + ": ";
        if (!isSize(command.bytes())) {
            return step.rejected(Reason.INVALID, start + sizeProblem(command.bytes()));
        }
        if (volume.bytes() != command.expectedBytes()) {
            return step.rejected(
                    Reason.STALE,
                    start
                            + "it has "
                            + volume.bytes()
                            + " bytes, not "
                            + command.expectedBytes()
                            + "; decide again from the newest state");
        }
        if (command.bytes() < volume.bytes()) {
            return step.rejected(
                    Reason.INVALID,
                    start
                            + "it has "
                            + volume.bytes()
                            + " bytes and cannot shrink to "
                            + command.bytes()
                            + "; make a smaller volume and copy what is to be kept");
        }
        return step.applied(step.state().withVolume(volume.withBytes(command.bytes())));
    }

    static Result takeOwnership(Step step, Command.TakeOwnership command) {
        VolumeRecord volume = step.state().volumes().get(command.volume());
        if (volume == null) {
            return notFound(step, command.volume());
        }
        if (volume.accessEpoch() != command.expectedAccessEpoch()) {
            return staleEpoch(step, volume, command.expectedAccessEpoch());
        }
        if (!step.state().isRegistered(command.owner())) {
            return notRegistered(step, volume.name(), command.owner());
        }
        return step.applied(
                step.state().withVolume(volume.ownedBy(command.owner(), false, step.index())),
                volume.accessEpoch() + 1);
    }

    /** A move by the owner itself, to a node that takes volumes. */
    static Result moveOwnership(Step step, Command.MoveOwnership command) {
        VolumeRecord volume = step.state().volumes().get(command.volume());
        if (volume == null) {
            return notFound(step, command.volume());
        }
        if (volume.accessEpoch() != command.expectedAccessEpoch()) {
            return staleEpoch(step, volume, command.expectedAccessEpoch());
        }
        ProcessId heir = command.owner();
        if (!step.state().isRegistered(heir)) {
            return notRegistered(step, volume.name(), heir);
        }
        NodeRecord node = step.state().nodes().get(heir.node());
        if (node == null || node.adminState() != NodeRecord.AdminState.ACTIVE) {
            return step.rejected(
                    Reason.STALE,
                    "volume "
                            + volume.name()
                            + ": "
                            + heir.node()
                            + " takes no volumes now; take back its cordon, or choose another");
        }
        return step.applied(
                step.state().withVolume(volume.ownedBy(heir, true, step.index())),
                volume.accessEpoch() + 1);
    }

    private static @Nullable String geometryProblem(Command.CreateVolume command) {
        if (!Step.isName(command.name())) {
            return "that name is not allowed; " + Step.NAME_RULE;
        }
        if (!isSize(command.bytes())) {
            return sizeProblem(command.bytes());
        }
        if (Integer.bitCount(command.chunkBytes()) != 1
                || command.chunkBytes() < Sizes.CHUNK_BYTES_MIN
                || command.chunkBytes() > Sizes.CHUNK_BYTES_MAX) {
            return "chunks of "
                    + command.chunkBytes()
                    + " bytes; use a power of two from "
                    + Sizes.CHUNK_BYTES_MIN
                    + " to "
                    + Sizes.CHUNK_BYTES_MAX;
        }
        if (command.logicalBlockBytes() != 512 && command.logicalBlockBytes() != 4096) {
            return "logical blocks of " + command.logicalBlockBytes() + " bytes; use 512 or 4096";
        }
        if (command.anyHostLun() < -1 || command.anyHostLun() > Limits.LUN_MAX) {
            return "LUN "
                    + command.anyHostLun()
                    + "; use 0 to "
                    + Limits.LUN_MAX
                    + ", or -1 to show it to mapped hosts only";
        }
        return null;
    }

    private static boolean isSize(long bytes) {
        return bytes > 0 && bytes % Sizes.BLOCK_BYTES == 0 && bytes <= Limits.VOLUME_BYTES_MAX;
    }

    private static String sizeProblem(long bytes) {
        return bytes
                + " bytes; use a positive multiple of "
                + Sizes.BLOCK_BYTES
                + " up to "
                + Limits.VOLUME_BYTES_MAX;
    }

    /**
     * What hosts know the volume by: the same on every node and forever, and another one in every
     * cluster (DESIGN section 6, "Identity").
     */
    static UUID identity(UUID clusterId, VolumeId id) {
        return UUID.nameUUIDFromBytes(
                ByteBuffer.allocate(IDENTITY_NAMESPACE.length + 24)
                        .put(IDENTITY_NAMESPACE)
                        .putLong(clusterId.getMostSignificantBits())
                        .putLong(clusterId.getLeastSignificantBits())
                        .putLong(id.value())
                        .array());
    }

    static Result notFound(Step step, VolumeId volume) {
        return step.rejected(
                Reason.NOT_FOUND,
                "there is no " + volume + "; it was deleted, or the id is mistyped");
    }

    static Result staleEpoch(Step step, VolumeRecord volume, long expected) {
        return step.rejected(
                Reason.STALE,
                "volume "
                        + volume.name()
                        + " is at access epoch "
                        + volume.accessEpoch()
                        + " with owner "
                        + volume.owner()
                        + ", not at "
                        + expected
                        + "; decide again from the newest state");
    }

    private static Result notRegistered(Step step, String volume, ProcessId owner) {
        return step.rejected(
                Reason.STALE,
                "volume "
                        + volume
                        + ": "
                        + owner
                        + " is not the registered process of its node; register it, or choose"
                        + " another owner");
    }
}
