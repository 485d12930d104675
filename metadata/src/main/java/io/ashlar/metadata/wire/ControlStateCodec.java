package io.ashlar.metadata.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.common.reservation.ReservationCodec;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HostGroup;
import io.ashlar.metadata.HostRecord;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.Limits;
import io.ashlar.metadata.Mapping;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The control state within a snapshot: the fields in the order of the record, each map as a count
 * and its values in order. Part of the body of {@link SnapshotCodec}, whose version covers it.
 */
final class ControlStateCodec {
    private static final int NODE_BYTES_MIN = 41;
    private static final int POOL_BYTES_MIN = 18;
    private static final int GROUP_BYTES_MIN = 52;
    private static final int MEMBER_BYTES = 42;
    private static final int VOLUME_BYTES_MIN = 91;
    private static final int HOST_BYTES_MIN = 2;
    private static final int MAPPING_BYTES_MIN = 14;

    /** The first version in which each host's secrets follow its name. */
    private static final int VERSION_WITH_CHAP = 2;

    /** The first version that ends with the reservations of the volumes that have any. */
    private static final int VERSION_WITH_RESERVATIONS = 3;

    /** The first version that ends with whether ALUA is explicit. */
    private static final int VERSION_WITH_ALUA = 4;

    /** The first version that ends with the host groups. */
    private static final int VERSION_WITH_HOST_GROUPS = 5;

    private static final int RESERVATIONS_BYTES_MIN = 35;

    private static final int CREATED = 0;
    private static final int TAKEN = 1;
    private static final int HANDED_OVER = 2;

    private ControlStateCodec() {}

    static void write(ByteBuf out, ControlState state) {
        out.writeLong(state.index());
        Wire.writeUuid(out, state.clusterId());
        out.writeLong(state.nextVolumeId());
        out.writeInt(state.nodes().size());
        state.nodes().values().forEach(node -> Fields.writeNodeRecord(out, node));
        out.writeInt(state.pools().size());
        state.pools().values().forEach(pool -> writePool(out, pool));
        out.writeInt(state.placementGroups().size());
        state.placementGroups().values().forEach(group -> writeGroup(out, group));
        out.writeInt(state.volumes().size());
        state.volumes().values().forEach(volume -> writeVolume(out, volume));
        out.writeInt(state.hosts().size());
        for (HostRecord host : state.hosts().values()) {
            Fields.writeText(out, host.name());
            Fields.writeChap(out, host.chap());
        }
        HostGroupCodec.writeOwnMappings(out, state);
        JobCodec.writeSettings(out, state.settings());
        JobCodec.writeBoard(out, state.jobs());
        writeReservations(out, state);
        out.writeBoolean(state.settings().explicitAlua());
        HostGroupCodec.write(out, state);
    }

    private static void writeReservations(ByteBuf out, ControlState state) {
        List<VolumeRecord> reserved =
                state.volumes().values().stream()
                        .filter(volume -> !volume.reservations().equals(ReservationTable.EMPTY))
                        .toList();
        out.writeInt(reserved.size());
        for (VolumeRecord volume : reserved) {
            out.writeLong(volume.id().value());
            ReservationCodec.writeTable(out, volume.reservations());
        }
    }

    /**
     * @param version of the snapshot around it
     */
    static ControlState read(ByteBuf in, int version) {
        long index = Wire.readLong(in);
        UUID clusterId = Wire.readUuid(in);
        long nextVolumeId = Wire.readLong(in);
        if (index < 0 || nextVolumeId < 1) {
            throw new WireFormatException("index " + index + ", next volume " + nextVolumeId);
        }
        TreeMap<NodeId, NodeRecord> nodes = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.NODES_MAX, NODE_BYTES_MIN); i > 0; i--) {
            NodeRecord node = Fields.readNodeRecord(in);
            putNew(nodes, node.id(), node);
        }
        TreeMap<Integer, Pool> pools = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.POOLS_MAX, POOL_BYTES_MIN); i > 0; i--) {
            Pool pool = readPool(in);
            putNew(pools, pool.id(), pool);
        }
        TreeMap<PgId, PgConfig> groups = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.GROUPS_MAX, GROUP_BYTES_MIN); i > 0; i--) {
            PgConfig group = readGroup(in);
            putNew(groups, group.id(), group);
        }
        TreeMap<VolumeId, VolumeRecord> volumes = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.VOLUMES_MAX, VOLUME_BYTES_MIN); i > 0; i--) {
            VolumeRecord volume = readVolume(in);
            putNew(volumes, volume.id(), volume);
        }
        TreeMap<String, HostRecord> hosts = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.HOSTS_MAX, HOST_BYTES_MIN); i > 0; i--) {
            String host = Fields.readText(in);
            boolean hasChap = version >= VERSION_WITH_CHAP;
            putNew(
                    hosts,
                    host,
                    new HostRecord(host, hasChap ? Fields.readChap(in) : Optional.empty()));
        }
        TreeMap<String, SortedMap<Integer, Mapping>> mappings = readMappings(in);
        ClusterSettings settings = JobCodec.readSettings(in);
        JobBoard jobs = JobCodec.readBoard(in);
        if (version >= VERSION_WITH_RESERVATIONS) {
            readReservations(in, volumes);
        }
        if (version >= VERSION_WITH_ALUA) {
            settings = settings.withExplicitAlua(Wire.readBoolean(in));
        }
        SortedMap<String, HostGroup> hostGroups =
                version >= VERSION_WITH_HOST_GROUPS
                        ? HostGroupCodec.read(in, hosts.keySet(), mappings)
                        : Collections.emptySortedMap();
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                Collections.unmodifiableSortedMap(nodes),
                Collections.unmodifiableSortedMap(pools),
                Collections.unmodifiableSortedMap(groups),
                Collections.unmodifiableSortedMap(volumes),
                Collections.unmodifiableSortedMap(hosts),
                Collections.unmodifiableSortedMap(mappings),
                hostGroups,
                settings,
                jobs);
    }

    private static void readReservations(ByteBuf in, Map<VolumeId, VolumeRecord> volumes) {
        for (int i = Wire.readCount(in, Limits.VOLUMES_MAX, RESERVATIONS_BYTES_MIN); i > 0; i--) {
            VolumeId id = Fields.readVolume(in);
            VolumeRecord volume = volumes.get(id);
            if (volume == null || !volume.reservations().equals(ReservationTable.EMPTY)) {
                throw new WireFormatException("reservations of " + id + ", which is not there");
            }
            volumes.put(id, volume.with(ReservationCodec.readTable(in)));
        }
    }

    /** What is mapped to hosts themselves; their groups' mappings come with the groups. */
    private static TreeMap<String, SortedMap<Integer, Mapping>> readMappings(ByteBuf in) {
        TreeMap<String, SortedMap<Integer, Mapping>> mappings = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.HOSTS_MAX, 4 + MAPPING_BYTES_MIN); i > 0; i--) {
            TreeMap<Integer, Mapping> ofHost = new TreeMap<>();
            String host = "";
            int count = Wire.readCount(in, Limits.MAPPINGS_PER_HOST_MAX, MAPPING_BYTES_MIN);
            for (int j = 0; j < count; j++) {
                Mapping mapping = Fields.readMapping(in);
                if (j > 0 && !mapping.host().equals(host)) {
                    throw new WireFormatException("mappings of two hosts in one list");
                }
                host = mapping.host();
                putNew(ofHost, mapping.lun(), mapping);
            }
            if (ofHost.isEmpty()) {
                throw new WireFormatException("a host's list of mappings is empty");
            }
            putNew(mappings, host, Collections.unmodifiableSortedMap(ofHost));
        }
        return mappings;
    }

    private static void writePool(ByteBuf out, Pool pool) {
        out.writeInt(pool.id());
        Fields.writeText(out, pool.name());
        out.writeInt(pool.pgCount()).writeInt(pool.replicas()).writeInt(pool.inSyncMin());
    }

    private static Pool readPool(ByteBuf in) {
        return new Pool(
                Wire.readInt(in),
                Fields.readText(in),
                Wire.readInt(in),
                Wire.readInt(in),
                Wire.readInt(in));
    }

    private static void writeGroup(ByteBuf out, PgConfig group) {
        Fields.writePg(out, group.id());
        out.writeLong(group.epoch()).writeLong(group.leadEpoch());
        Fields.writeNode(out, group.primary());
        out.writeInt(group.members().size());
        group.members().values().forEach(member -> Fields.writeMember(out, member));
        Fields.writeNode(out, group.preferred());
        Fields.writeNodes(out, group.targets());
        out.writeLong(group.targetsIndex()).writeLong(group.index());
    }

    private static PgConfig readGroup(ByteBuf in) {
        PgId id = Fields.readPg(in);
        long epoch = Wire.readLong(in);
        long leadEpoch = Wire.readLong(in);
        NodeId primary = Fields.readNode(in);
        TreeMap<NodeId, Member> members = new TreeMap<>();
        for (int i = Wire.readCount(in, Limits.MEMBERS_MAX, MEMBER_BYTES); i > 0; i--) {
            Member member = Fields.readMember(in);
            putNew(members, member.node(), member);
        }
        NodeId preferred = Fields.readNode(in);
        SortedSet<NodeId> targets = Fields.readNodes(in);
        return new PgConfig(
                id,
                epoch,
                leadEpoch,
                primary,
                members,
                preferred,
                targets,
                Wire.readLong(in),
                Wire.readLong(in));
    }

    private static void writeVolume(ByteBuf out, VolumeRecord volume) {
        out.writeLong(volume.id().value());
        Fields.writeText(out, volume.name());
        out.writeInt(volume.pool())
                .writeLong(volume.bytes())
                .writeInt(volume.chunkBytes())
                .writeInt(volume.logicalBlockBytes())
                .writeInt(volume.base())
                .writeLong(volume.layer());
        Wire.writeUuid(out, volume.identity());
        Fields.writeProcess(out, volume.owner());
        out.writeLong(volume.accessEpoch())
                .writeLong(volume.ownerIndex())
                .writeByte(change(volume));
        ProcessId former = volume.former();
        if (former != null) {
            Fields.writeProcess(out, former);
        }
        out.writeInt(volume.anyHostLun());
    }

    /** How its owner became so. */
    private static int change(VolumeRecord volume) {
        if (volume.former() == null) {
            return CREATED;
        }
        return volume.isHandedOver() ? HANDED_OVER : TAKEN;
    }

    private static VolumeRecord readVolume(ByteBuf in) {
        VolumeId id = Fields.readVolume(in);
        String name = Fields.readText(in);
        int pool = Wire.readInt(in);
        long bytes = Wire.readLong(in);
        int chunkBytes = Wire.readInt(in);
        int logicalBlockBytes = Wire.readInt(in);
        int base = Wire.readInt(in);
        long layer = Wire.readLong(in);
        UUID identity = Wire.readUuid(in);
        ProcessId owner = Fields.readProcess(in);
        long accessEpoch = Wire.readLong(in);
        long ownerIndex = Wire.readLong(in);
        int change = Wire.readByte(in);
        if (change < CREATED || change > HANDED_OVER) {
            throw Fields.unknown("change of owner", change);
        }
        ProcessId former = change == CREATED ? null : Fields.readProcess(in);
        return new VolumeRecord(
                id,
                name,
                pool,
                bytes,
                chunkBytes,
                logicalBlockBytes,
                base,
                layer,
                identity,
                owner,
                accessEpoch,
                ownerIndex,
                former,
                change == HANDED_OVER,
                Wire.readInt(in),
                ReservationTable.EMPTY);
    }

    private static <K, V> void putNew(Map<K, V> map, K key, V value) {
        if (map.putIfAbsent(key, value) != null) {
            throw new WireFormatException(key + " is there twice");
        }
    }
}
