package io.ashlar.metadata.wire;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.Limits;
import io.ashlar.metadata.Mapping;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** Fields that several formats share. */
final class Fields {
    /**
     * Bytes of any text. Above what commands allow, so that a bad name is rejected with a message
     * rather than refused as damage.
     */
    static final int TEXT_BYTES_MAX = 1024;

    private static final int UUID_BYTES = 16;
    private static final int NODE_BYTES = 2;
    private static final int NO_CHAP = 0;
    private static final int ONE_WAY = 1;
    private static final int MUTUAL = 2;

    private Fields() {}

    /**
     * @throws IllegalArgumentException if the text is too long for any format
     */
    static void writeText(ByteBuf out, String text) {
        int start = out.writerIndex();
        Wire.writeString(out, text);
        io.ashlar.common.Check.argument(
                out.writerIndex() - start - 2 <= TEXT_BYTES_MAX,
                "text of more than %s bytes",
                TEXT_BYTES_MAX);
    }

    static String readText(ByteBuf in) {
        return Wire.readString(in, TEXT_BYTES_MAX);
    }

    static void writeNode(ByteBuf out, NodeId node) {
        out.writeShort(node.value());
    }

    static NodeId readNode(ByteBuf in) {
        return new NodeId(Wire.readShort(in));
    }

    static void writeNodes(ByteBuf out, SortedSet<NodeId> nodes) {
        out.writeInt(nodes.size());
        nodes.forEach(node -> writeNode(out, node));
    }

    static SortedSet<NodeId> readNodes(ByteBuf in) {
        int count = Wire.readCount(in, Limits.NODES_MAX, NODE_BYTES);
        TreeSet<NodeId> nodes = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            addNew(nodes, readNode(in));
        }
        return nodes;
    }

    static void writeProcess(ByteBuf out, ProcessId process) {
        writeNode(out, process.node());
        out.writeLong(process.incarnation());
    }

    static ProcessId readProcess(ByteBuf in) {
        return new ProcessId(readNode(in), Wire.readLong(in));
    }

    static void writePg(ByteBuf out, PgId pg) {
        out.writeInt(pg.pool()).writeInt(pg.index());
    }

    static PgId readPg(ByteBuf in) {
        return new PgId(Wire.readInt(in), Wire.readInt(in));
    }

    static VolumeId readVolume(ByteBuf in) {
        return new VolumeId(Wire.readLong(in));
    }

    static void writeMember(ByteBuf out, Member member) {
        writeProcess(out, member.process());
        Wire.writeUuid(out, member.bootId());
        Wire.writeUuid(out, member.device().value());
    }

    static Member readMember(ByteBuf in) {
        ProcessId process = readProcess(in);
        return new Member(
                process.node(),
                process.incarnation(),
                Wire.readUuid(in),
                new DeviceId(Wire.readUuid(in)));
    }

    static void writeMapping(ByteBuf out, Mapping mapping) {
        writeText(out, mapping.host());
        out.writeLong(mapping.volume().value()).writeInt(mapping.lun());
    }

    static Mapping readMapping(ByteBuf in) {
        return new Mapping(readText(in), readVolume(in), Wire.readInt(in));
    }

    /** A byte: no secrets, the host's, or both; then they, each as a length of two bytes and it. */
    static void writeChap(ByteBuf out, Optional<ChapSecrets> chap) {
        if (chap.isEmpty()) {
            out.writeByte(NO_CHAP);
            return;
        }
        Optional<Secret> target = chap.get().target();
        out.writeByte(target.isPresent() ? MUTUAL : ONE_WAY);
        writeSecret(out, chap.get().initiator());
        target.ifPresent(secret -> writeSecret(out, secret));
    }

    static Optional<ChapSecrets> readChap(ByteBuf in) {
        int code = Wire.readByte(in);
        return switch (code) {
            case NO_CHAP -> Optional.empty();
            case ONE_WAY -> Optional.of(new ChapSecrets(readSecret(in), Optional.empty()));
            case MUTUAL ->
                    Optional.of(new ChapSecrets(readSecret(in), Optional.of(readSecret(in))));
            default -> throw unknown("kind of CHAP", code);
        };
    }

    private static void writeSecret(ByteBuf out, Secret secret) {
        io.ashlar.common.Check.argument(
                secret.length() <= TEXT_BYTES_MAX, "secret of more than %s bytes", TEXT_BYTES_MAX);
        out.writeShort(secret.length()).writeBytes(secret.reveal());
    }

    private static Secret readSecret(ByteBuf in) {
        int length = Wire.readShort(in);
        if (length > TEXT_BYTES_MAX) {
            throw new WireFormatException(
                    "secret of " + length + " bytes, limit " + TEXT_BYTES_MAX);
        }
        Wire.need(in, length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return Secret.of(bytes);
    }

    static void writeAdminState(ByteBuf out, AdminState state) {
        out.writeByte(
                switch (state) {
                    case ACTIVE -> 1;
                    case CORDONED -> 2;
                    case DRAINING -> 3;
                });
    }

    static AdminState readAdminState(ByteBuf in) {
        int code = Wire.readByte(in);
        return switch (code) {
            case 1 -> AdminState.ACTIVE;
            case 2 -> AdminState.CORDONED;
            case 3 -> AdminState.DRAINING;
            default -> throw unknown("admin state", code);
        };
    }

    static void writeNodeRecord(ByteBuf out, NodeRecord node) {
        writeProcess(out, node.process());
        Wire.writeUuid(out, node.bootId());
        writeText(out, node.configuredDomain());
        writeText(out, node.addresses().iscsi());
        writeText(out, node.addresses().data());
        writeText(out, node.addresses().liveness());
        writeText(out, node.addresses().raft());
        writeText(out, node.addresses().api());
        out.writeInt(node.deviceBytes().size());
        node.deviceBytes()
                .forEach((device, bytes) -> {
                    Wire.writeUuid(out, device.value());
                    out.writeLong(bytes);
                });
        writeAdminState(out, node.adminState());
        out.writeInt(node.settings().weight());
        writeText(out, node.settings().failureDomain());
        out.writeBoolean(node.settings().heir().isPresent());
        node.settings().heir().ifPresent(heir -> writeNode(out, heir));
    }

    static NodeRecord readNodeRecord(ByteBuf in) {
        ProcessId process = readProcess(in);
        var bootId = Wire.readUuid(in);
        String failureDomain = readText(in);
        NodeRecord.Addresses addresses =
                new NodeRecord.Addresses(
                        readText(in), readText(in), readText(in), readText(in), readText(in));
        int count = Wire.readCount(in, DEVICES_MAX, UUID_BYTES + Long.BYTES);
        LinkedHashMap<DeviceId, Long> devices = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            DeviceId device = new DeviceId(Wire.readUuid(in));
            if (devices.put(device, Wire.readLong(in)) != null) {
                throw new WireFormatException(device + " is there twice");
            }
        }
        return new NodeRecord(
                process.node(),
                process.incarnation(),
                bootId,
                failureDomain,
                addresses,
                devices,
                readAdminState(in),
                new NodeRecord.Settings(
                        Wire.readInt(in),
                        readText(in),
                        Wire.readBoolean(in) ? Optional.of(readNode(in)) : Optional.empty()));
    }

    /** As for texts: a list too long is rejected by the state machine, one far too long refused. */
    private static final int DEVICES_MAX = 16 * Limits.DEVICES_PER_NODE_MAX;

    /** For sets and maps: an element twice means damage, and would not encode as it was. */
    static <T> void addNew(java.util.Set<T> set, T element) {
        if (!set.add(element)) {
            throw new WireFormatException(element + " is there twice");
        }
    }

    static WireFormatException unknown(String what, int code) {
        return new WireFormatException(
                what + " " + code + " was written by a newer Ashlar: upgrade this node");
    }
}
