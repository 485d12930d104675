package io.ashlar.iscsi.scsi;

import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Registration;
import io.ashlar.common.reservation.Reservation;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.volume.IoError;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.function.Function;

/** PERSISTENT RESERVE IN, SPC-4 section 6.15: the table as SCSI sees it, from any node the same. */
final class ReserveIn {
    private static final int HEADER_BYTES = 8;
    private static final int RESERVATION_BYTES = 16;
    private static final int STATUS_BYTES = 24;
    private static final int R_HOLDER = 0x01;

    /** CRH, SIP_C, ATP_C, PTPL_C: compatible RESERVE, SPEC_I_PT, ALL_TG_PT, APTPL. */
    private static final int CAPABILITIES = 0x10 | 0x08 | 0x04 | 0x01;

    /** The type mask is valid; APTPL is always on. */
    private static final int TMV_PTPL_A = 0x80 | 0x01;

    /** All six types, as two bytes of mask. */
    private static final int TYPES = 0xEA01;

    private ReserveIn() {}

    static void readKeys(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        report(unit, task, ReserveIn::keys);
    }

    static void readReservation(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        report(unit, task, ReserveIn::reservation);
    }

    static void readFullStatus(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        report(unit, task, ReserveIn::fullStatus);
    }

    static void reportCapabilities(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] data = new byte[8];
        Cdb.put16(data, 0, data.length);
        data[2] = CAPABILITIES;
        data[3] = (byte) TMV_PTPL_A;
        Cdb.put16(data, 4, TYPES);
        Inquiries.respond(task, data, Cdb.u16(task.cdb(), 7));
    }

    private static void report(
            LogicalUnit unit, ScsiTask task, Function<ReservationTable, byte[]> view) {
        task.reservations(
                unit.volume().id(),
                table -> {
                    if (table.isPresent()) {
                        Inquiries.respond(task, view.apply(table.get()), Cdb.u16(task.cdb(), 7));
                    } else {
                        ErrorMapping.fail(task, IoError.UNREACHABLE, task.hasCompany());
                    }
                });
    }

    static byte[] keys(ReservationTable table) {
        byte[] data = header(table, 8 * table.registrations().size());
        int at = HEADER_BYTES;
        for (Registration registration : table.registrations().values()) {
            Cdb.put64(data, at, registration.key());
            at += 8;
        }
        return data;
    }

    static byte[] reservation(ReservationTable table) {
        Reservation held = table.reservation();
        if (held == null) {
            return header(table, 0);
        }
        byte[] data = header(table, RESERVATION_BYTES);
        Nexus holder = held.holder();
        Registration registration = holder == null ? null : table.registrations().get(holder);
        Cdb.put64(data, 8, registration == null ? 0 : registration.key());
        data[21] = (byte) held.type().scsi(); // scope 0: the logical unit
        return data;
    }

    static byte[] fullStatus(ReservationTable table) {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        Reservation held = table.reservation();
        for (Map.Entry<Nexus, Registration> each : table.registrations().entrySet()) {
            byte[] descriptor = new byte[STATUS_BYTES];
            byte[] transportId = TransportIds.encode(each.getKey().initiatorPort());
            Cdb.put64(descriptor, 0, each.getValue().key());
            if (held != null && table.isHolder(each.getKey())) {
                descriptor[12] = R_HOLDER;
                descriptor[13] = (byte) held.type().scsi();
            }
            Cdb.put16(descriptor, 18, each.getKey().targetPort());
            Cdb.put32(descriptor, 20, transportId.length);
            list.writeBytes(descriptor);
            list.writeBytes(transportId);
        }
        byte[] data = header(table, list.size());
        System.arraycopy(list.toByteArray(), 0, data, HEADER_BYTES, list.size());
        return data;
    }

    private static byte[] header(ReservationTable table, int bytes) {
        byte[] data = new byte[HEADER_BYTES + bytes];
        Cdb.put32(data, 0, table.generation());
        Cdb.put32(data, 4, bytes);
        return data;
    }
}
