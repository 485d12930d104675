package io.ashlar.common.reservation;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tables and changes as bytes, part of what carries them, whose version covers it. Big-endian; what
 * may be absent follows a byte 0 or 1.
 */
public final class ReservationCodec {
    /** An initiator port: a name of 223 letters and what its protocol puts behind it. */
    public static final int PORT_BYTES_MAX = 256;

    private static final int REGISTRATION_BYTES_MIN = 20;
    private static final int NOTICE_BYTES_MIN = 13;

    private static final int REGISTER = 1;
    private static final int RESERVE = 2;
    private static final int RELEASE = 3;
    private static final int CLEAR = 4;
    private static final int PREEMPT = 5;
    private static final int MOVE = 6;
    private static final int LEGACY_RESERVE = 7;
    private static final int LEGACY_RELEASE = 8;
    private static final int LEGACY_END = 9;
    private static final int ERASE = 10;

    private ReservationCodec() {}

    public static void writeTable(ByteBuf out, ReservationTable table) {
        out.writeLong(table.generation());
        out.writeInt(table.registrations().size());
        table.registrations()
                .forEach((nexus, registration) -> {
                    writeNexus(out, nexus);
                    out.writeLong(registration.key()).writeLong(registration.formerKey());
                });
        Reservation held = table.reservation();
        out.writeByte(held == null ? 0 : held.type().scsi());
        if (held != null && held.holder() != null) {
            writeNexus(out, held.holder());
        }
        LegacyReservation legacy = table.legacy();
        out.writeBoolean(legacy != null);
        if (legacy != null) {
            writeLegacy(out, legacy);
        }
        out.writeLong(table.noticeCount()).writeInt(table.notices().size());
        table.notices()
                .forEach((nexus, notice) -> {
                    writeNexus(out, nexus);
                    out.writeLong(notice.number()).writeByte(notice.kind().code());
                });
        ReservationChange last = table.last();
        out.writeBoolean(last != null);
        if (last != null) {
            writeChange(out, last);
        }
    }

    /**
     * @throws WireFormatException for anything that {@link #writeTable} did not write
     */
    public static ReservationTable readTable(ByteBuf in) {
        long generation = Wire.readLong(in);
        TreeMap<Nexus, Registration> registrations = new TreeMap<>();
        int count = Wire.readCount(in, ReservationTable.REGISTRATIONS_MAX, REGISTRATION_BYTES_MIN);
        for (int i = 0; i < count; i++) {
            Nexus nexus = readNexus(in);
            Registration registration = new Registration(Wire.readLong(in), Wire.readLong(in));
            if (registration.key() == 0 || registrations.put(nexus, registration) != null) {
                throw new WireFormatException(nexus + " has key 0, or is there twice");
            }
        }
        Reservation held = readReservation(in);
        LegacyReservation legacy = Wire.readBoolean(in) ? readLegacy(in) : null;
        long noticeCount = Wire.readLong(in);
        TreeMap<Nexus, Notice> notices = new TreeMap<>();
        for (int i = Wire.readCount(in, ReservationTable.NOTICES_MAX, NOTICE_BYTES_MIN);
                i > 0;
                i--) {
            Nexus nexus = readNexus(in);
            if (notices.put(nexus, new Notice(Wire.readLong(in), readKind(in))) != null) {
                throw new WireFormatException(nexus + " is there twice");
            }
        }
        return new ReservationTable(
                generation,
                registrations,
                held,
                legacy,
                noticeCount,
                notices,
                Wire.readBoolean(in) ? readChange(in) : null);
    }

    private static @Nullable Reservation readReservation(ByteBuf in) {
        int code = Wire.readByte(in);
        if (code == 0) {
            return null;
        }
        ReservationType type = type(code);
        return new Reservation(type, type.isAllRegistrants() ? null : readNexus(in));
    }

    private static Notice.Kind readKind(ByteBuf in) {
        int code = Wire.readByte(in);
        for (Notice.Kind kind : Notice.Kind.values()) {
            if (kind.code() == code) {
                return kind;
            }
        }
        throw new WireFormatException("kind of notice " + code);
    }

    public static void writeChange(ByteBuf out, ReservationChange change) {
        switch (change) {
            case ReservationChange.Register c -> {
                writeNexus(out.writeByte(REGISTER), c.nexus());
                out.writeBoolean(c.ignoreKey()).writeLong(c.key()).writeLong(c.newKey());
                out.writeBoolean(c.allPorts()).writeInt(c.others().size());
                c.others().forEach(port -> Wire.writeString(out, port));
            }
            case ReservationChange.Reserve(var nexus, long key, var type) -> {
                writeNexus(out.writeByte(RESERVE), nexus);
                out.writeLong(key).writeByte(type.scsi());
            }
            case ReservationChange.Release(var nexus, long key, var type) -> {
                writeNexus(out.writeByte(RELEASE), nexus);
                out.writeLong(key).writeByte(type.scsi());
            }
            case ReservationChange.Clear(var nexus, long key) -> {
                writeNexus(out.writeByte(CLEAR), nexus);
                out.writeLong(key);
            }
            case ReservationChange.Preempt c -> {
                writeNexus(out.writeByte(PREEMPT), c.nexus());
                out.writeLong(c.key()).writeLong(c.victimKey());
                out.writeByte(c.type().scsi()).writeBoolean(c.abort());
            }
            case ReservationChange.Move c -> {
                writeNexus(out.writeByte(MOVE), c.nexus());
                out.writeLong(c.key()).writeLong(c.newKey());
                writeNexus(out, c.destination());
                out.writeBoolean(c.unregister());
            }
            case ReservationChange.LegacyReserve(var nexus, var wanted) -> {
                writeNexus(out.writeByte(LEGACY_RESERVE), nexus);
                writeLegacy(out, wanted);
            }
            case ReservationChange.LegacyRelease(var nexus, var held) -> {
                writeNexus(out.writeByte(LEGACY_RELEASE), nexus);
                writeLegacy(out, held);
            }
            case ReservationChange.LegacyEnd(var held) ->
                    writeLegacy(out.writeByte(LEGACY_END), held);
            case ReservationChange.Erase() -> out.writeByte(ERASE);
        }
    }

    /**
     * @throws WireFormatException for anything that {@link #writeChange} did not write
     */
    public static ReservationChange readChange(ByteBuf in) {
        int kind = Wire.readByte(in);
        return switch (kind) {
            case REGISTER ->
                    new ReservationChange.Register(
                            readNexus(in),
                            Wire.readBoolean(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Wire.readBoolean(in),
                            readPorts(in));
            case RESERVE ->
                    new ReservationChange.Reserve(readNexus(in), Wire.readLong(in), readType(in));
            case RELEASE ->
                    new ReservationChange.Release(readNexus(in), Wire.readLong(in), readType(in));
            case CLEAR -> new ReservationChange.Clear(readNexus(in), Wire.readLong(in));
            case PREEMPT ->
                    new ReservationChange.Preempt(
                            readNexus(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            readType(in),
                            Wire.readBoolean(in));
            case MOVE ->
                    new ReservationChange.Move(
                            readNexus(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            readNexus(in),
                            Wire.readBoolean(in));
            case LEGACY_RESERVE ->
                    new ReservationChange.LegacyReserve(readNexus(in), readLegacy(in));
            case LEGACY_RELEASE ->
                    new ReservationChange.LegacyRelease(readNexus(in), readLegacy(in));
            case LEGACY_END -> new ReservationChange.LegacyEnd(readLegacy(in));
            case ERASE -> new ReservationChange.Erase();
            default ->
                    throw new WireFormatException(
                            "change of reservations "
                                    + kind
                                    + " was written by a newer Ashlar: upgrade this node");
        };
    }

    private static List<String> readPorts(ByteBuf in) {
        List<String> ports = new ArrayList<>();
        for (int i = Wire.readCount(in, ReservationChange.Register.OTHERS_MAX, 2); i > 0; i--) {
            ports.add(Wire.readString(in, PORT_BYTES_MAX));
        }
        return ports;
    }

    private static void writeNexus(ByteBuf out, Nexus nexus) {
        Wire.writeString(out, nexus.initiatorPort());
        out.writeShort(nexus.targetPort());
    }

    private static Nexus readNexus(ByteBuf in) {
        return new Nexus(Wire.readString(in, PORT_BYTES_MAX), Wire.readShort(in));
    }

    private static void writeLegacy(ByteBuf out, LegacyReservation legacy) {
        out.writeShort(legacy.ingress().node().value());
        out.writeLong(legacy.ingress().incarnation()).writeLong(legacy.association());
    }

    private static LegacyReservation readLegacy(ByteBuf in) {
        int node = Wire.readShort(in);
        if (node == 0) {
            throw new WireFormatException("node 0");
        }
        return new LegacyReservation(
                new ProcessId(new NodeId(node), Wire.readLong(in)), Wire.readLong(in));
    }

    private static ReservationType readType(ByteBuf in) {
        return type(Wire.readByte(in));
    }

    private static ReservationType type(int code) {
        for (ReservationType type : ReservationType.values()) {
            if (type.scsi() == code) {
                return type;
            }
        }
        throw new WireFormatException("type of reservation " + code);
    }
}
