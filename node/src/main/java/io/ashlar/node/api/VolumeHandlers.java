package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Sizes;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.node.configuration.ByteSize;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Requests about volumes. */
final class VolumeHandlers {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final String POOL_DEFAULT = "default";
    private static final int ATTEMPTS = 3;
    private static final int LUN_MAX = 16_383;

    private final ControlAccess control;
    private final ClusterHandlers cluster;
    private final FenceHandlers fences;
    private final RandomSource random;

    VolumeHandlers(
            ControlAccess control,
            ClusterHandlers cluster,
            FenceHandlers fences,
            RandomSource random) {
        this.control = control;
        this.cluster = cluster;
        this.fences = fences;
        this.random = random;
    }

    List<ApiViews.Volume> list() {
        return cluster.views(control.current()).volumes();
    }

    ApiViews.Volume show(String name) {
        ControlState state = control.current();
        VolumeRecord volume = named(state, name);
        return cluster.views(state).volume(volume, fences.refused(state, volume.id()));
    }

    static VolumeRecord named(ControlState state, String name) {
        return state.volumeNamed(name)
                .orElseThrow(() ->
                        ApiException.notFound(
                                "there is no volume '" + name + "'",
                                "list the volumes with 'ashlar volume list'"));
    }

    ApiViews.Volume create(ApiViews.CreateVolume request) {
        String name = name(request);
        long bytes = bytes(request.size(), request.bytes());
        int chunkBytes = chunkBytes(request);
        int logicalBlockBytes =
                request.logicalBlockBytes() == null ? 512 : request.logicalBlockBytes();
        if (logicalBlockBytes != 512 && logicalBlockBytes != Sizes.BLOCK_BYTES) {
            throw ApiException.invalid(
                    "logical blocks of " + logicalBlockBytes + " bytes", "use 512 or 4096");
        }
        ControlState state = control.current();
        Pool pool = pool(state, request.pool() == null ? POOL_DEFAULT : request.pool());
        control.submit(
                new Command.CreateVolume(
                        name,
                        pool.name(),
                        bytes,
                        chunkBytes,
                        logicalBlockBytes,
                        random.nextInt(pool.pgCount()),
                        owner(state),
                        lun(state, request)));
        return show(name);
    }

    private static String name(ApiViews.CreateVolume request) {
        String name = request.name();
        if (name == null || !NAME.matcher(name).matches()) {
            throw ApiException.invalid(
                    name == null ? "'name' is missing" : "'" + name + "' is no name",
                    "give 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit"
                            + " first");
        }
        return name;
    }

    private static long bytes(@Nullable String size, @Nullable Long given) {
        if ((size == null) == (given == null)) {
            throw ApiException.invalid(
                    "neither or both of 'size' and 'bytes' are given", "give a size such as 1GiB");
        }
        long bytes;
        try {
            bytes = size != null ? ByteSize.parse(size) : given == null ? 0 : given;
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(String.valueOf(e.getMessage()), "give a size such as 1GiB");
        }
        if (bytes <= 0 || bytes % Sizes.BLOCK_BYTES != 0) {
            throw ApiException.invalid(
                    "a volume of " + bytes + " bytes", "give a positive multiple of 4096 bytes");
        }
        return bytes;
    }

    private static int chunkBytes(ApiViews.CreateVolume request) {
        int bytes = request.chunkBytes() == null ? Sizes.CHUNK_BYTES_DEFAULT : request.chunkBytes();
        if (bytes < Sizes.CHUNK_BYTES_MIN
                || bytes > Sizes.CHUNK_BYTES_MAX
                || Integer.bitCount(bytes) != 1) {
            throw ApiException.invalid(
                    "chunks of " + bytes + " bytes", "use a power of two, 64KiB to 16MiB");
        }
        return bytes;
    }

    private static Pool pool(ControlState state, String name) {
        return state.poolNamed(name)
                .orElseThrow(() ->
                        state.pools().isEmpty()
                                ? new ApiException(
                                        503,
                                        "not_founded",
                                        "the cluster has no pool yet",
                                        "wait until all voters have started")
                                : ApiException.notFound(
                                        "there is no pool '" + name + "'",
                                        "list the pools with 'ashlar status'"));
    }

    /** The node with the fewest volumes among those that answer, or among all if none does. */
    private ProcessId owner(ControlState state) {
        HealthRules health = new HealthRules(state, cluster.answers(state));
        Comparator<NodeRecord> byLoad =
                Comparator.comparing((NodeRecord n) -> !health.isUp(n))
                        .thenComparing(n -> volumesOf(state, n.id()))
                        .thenComparing(NodeRecord::id);
        return state.nodes().values().stream()
                .filter(n -> n.adminState() == NodeRecord.AdminState.ACTIVE)
                .min(byLoad)
                .orElseThrow(() ->
                        new ApiException(
                                503,
                                "no_node",
                                "no node takes volumes",
                                "start a node, or take back a cordon"))
                .process();
    }

    private static long volumesOf(ControlState state, NodeId node) {
        return state.volumes().values().stream().filter(v -> v.owner().node().equals(node)).count();
    }

    private static int lun(ControlState state, ApiViews.CreateVolume request) {
        boolean anyHost = request.anyHost() == null ? request.lun() != null : request.anyHost();
        Integer wanted = request.lun();
        if (!anyHost) {
            if (wanted != null) {
                throw ApiException.invalid(
                        "'lun' without 'anyHost'",
                        "set anyHost, or map the volume to hosts one by one");
            }
            return -1;
        }
        if (wanted != null) {
            if (wanted < 0 || wanted > LUN_MAX) {
                throw ApiException.invalid("LUN " + wanted, "give a LUN in 0 to " + LUN_MAX);
            }
            return wanted;
        }
        Set<Integer> taken = new HashSet<>();
        state.volumes().values().forEach(v -> taken.add(v.anyHostLun()));
        state.mappings().values().forEach(m -> taken.addAll(m.keySet()));
        state.hostGroups().values().forEach(g -> taken.addAll(g.volumes().keySet()));
        int lowest = 0;
        while (taken.contains(lowest)) {
            lowest++;
        }
        return lowest;
    }

    /** Makes a volume larger; hosts are told (2A/09). With the size that it has it does nothing. */
    ApiViews.Volume resize(String name, ApiViews.ResizeVolume request) {
        long bytes = bytes(request.size(), request.bytes());
        change(name, v -> new Command.GrowVolume(v.id(), v.bytes(), bytes));
        return show(name);
    }

    /** Deletes a volume. */
    void delete(String name) {
        change(name, v -> new Command.DeleteVolume(v.id(), v.accessEpoch()));
    }

    /** Removes all registrations and the reservation, whoever holds it; hosts are told. */
    void clearReservations(String name) {
        change(
                name,
                v ->
                        new Command.ChangeReservations(
                                v.id(), v.accessEpoch(), new ReservationChange.Erase()));
    }

    /** Its owner may change meanwhile: then once more, at the new epoch. */
    private void change(String name, Function<VolumeRecord, Command> command) {
        VolumeRecord volume = named(control.current(), name);
        for (int attempt = 1; ; attempt++) {
            try {
                control.submit(command.apply(volume));
                return;
            } catch (ApiException e) {
                VolumeRecord now = control.current().volumes().get(volume.id());
                if (e.status() != 409 || attempt == ATTEMPTS || now == null) {
                    throw e;
                }
                volume = now;
            }
        }
    }

    /** Views without asking the nodes, for what does not show health. */
    static ClusterViews plain(ControlState state) {
        return new ClusterViews(state, Map.of(), Set.of());
    }
}
