package io.ashlar.iscsi.session;

import io.ashlar.iscsi.fuzz.Claim;
import io.ashlar.iscsi.fuzz.FuzzInput;
import io.ashlar.iscsi.fuzz.LogWatch;
import io.ashlar.iscsi.scsi.LegalSense;
import io.ashlar.iscsi.session.FuzzedUnits.Outcome;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Fuzz target: any parameter list of a command that has one, and any data that is compared, is
 * taken whole or refused without an effect; afterwards the units still tell a coherent state.
 *
 * <p>An input is a list of commands: which, how, a service action or type, the length of the list
 * in two bytes, and the list.
 */
public final class ParameterListFuzz {
    private static final int LUN_MASK = 0x03;
    private static final int OTHER_HOST = 0x04;
    private static final int WRONG_LENGTH = 0x08;
    private static final int OFFERS_LESS = 0x10;
    private static final int LIST_BYTES_MAX = 2048;
    private static final int COMMANDS_MAX = 20;
    private static final int ATTENTIONS_MAX = 8;

    private static final int UNMAP = 0;
    private static final int MODE_SELECT_6 = 1;
    private static final int MODE_SELECT_10 = 2;
    private static final int RESERVE_OUT = 3;
    private static final int WRITE_SAME_10 = 4;
    private static final int WRITE_SAME_16 = 5;
    private static final int COPY = 6;
    private static final int COMPARE_AND_WRITE = 7;
    private static final int VERIFY = 8;
    private static final int WRITE_AND_VERIFY = 9;
    private static final int COPY_STATUS = 10;
    private static final int KINDS = 11;

    private ParameterListFuzz() {}

    /** One input; fails if anything is not as it must be. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        try (LogWatch log = new LogWatch()) {
            FuzzInput in = new FuzzInput(bytes);
            FuzzedUnits units = new FuzzedUnits();
            for (int i = 0; i < COMMANDS_MAX && in.remaining() > 0; i++) {
                run(units, in);
            }
            for (int lun = 0; lun < 3; lun++) {
                check(units, lun);
            }
            units.end();
            log.check(2);
        }
    }

    private static void run(FuzzedUnits units, FuzzInput in) {
        int kind = in.u8() % KINDS;
        int how = in.u8();
        int action = in.u8();
        byte[] list = in.take(Math.min(in.u16() % (LIST_BYTES_MAX + 1), in.remaining()));
        int length = list.length + ((how & WRONG_LENGTH) != 0 ? action - 128 : 0);
        byte[] cdb = cdb(kind, action, Math.max(0, length));
        int offered = (how & OFFERS_LESS) != 0 ? list.length / 2 : list.length;
        int host = (how & OTHER_HOST) == 0 ? 0 : 1;
        boolean reads = kind == COPY_STATUS;
        units.run(host, how & LUN_MASK, cdb, reads, !reads, reads ? 64 : offered, list);
    }

    private static byte[] cdb(int kind, int action, int length) {
        byte[] cdb = new byte[16];
        switch (kind) {
            case UNMAP -> {
                cdb[0] = 0x42;
                put(cdb, 7, 2, length);
            }
            case MODE_SELECT_6 -> {
                cdb[0] = 0x15;
                cdb[1] = 0x10;
                put(cdb, 4, 1, length);
            }
            case MODE_SELECT_10 -> {
                cdb[0] = 0x55;
                cdb[1] = 0x10;
                put(cdb, 7, 2, length);
            }
            case RESERVE_OUT -> {
                cdb[0] = 0x5F;
                cdb[1] = (byte) (action >> 4);
                cdb[2] = (byte) (action & 0x0F);
                put(cdb, 5, 4, length);
            }
            case WRITE_SAME_10 -> {
                cdb[0] = 0x41;
                cdb[1] = (byte) (action & 0x08);
                put(cdb, 7, 2, action);
            }
            case WRITE_SAME_16 -> {
                cdb[0] = (byte) 0x93;
                cdb[1] = (byte) (action & 0x08);
                put(cdb, 10, 4, action);
            }
            case COPY -> {
                cdb[0] = (byte) 0x83;
                put(cdb, 10, 4, length);
            }
            case COMPARE_AND_WRITE -> {
                cdb[0] = (byte) 0x89;
                put(cdb, 6, 4, action);
                cdb[13] = 1;
            }
            case VERIFY -> {
                cdb[0] = 0x2F;
                cdb[1] = (byte) (action & 0x06);
                put(cdb, 7, 2, length / 512);
            }
            case WRITE_AND_VERIFY -> {
                cdb[0] = (byte) 0x8E;
                cdb[1] = (byte) (action & 0x06);
                put(cdb, 10, 4, length / 512);
            }
            default -> {
                cdb[0] = (byte) 0x84;
                cdb[2] = (byte) action;
                put(cdb, 10, 4, 64);
            }
        }
        return cdb;
    }

    private static void put(byte[] bytes, int at, int count, int value) {
        for (int i = 0; i < count; i++) {
            bytes[at + i] = (byte) (value >> 8 * (count - 1 - i));
        }
    }

    /** What was taken can be told of again, in lists as long as they say. */
    private static void check(FuzzedUnits units, int lun) {
        Outcome ready = units.ask(0, lun, "00 00 00 00 00 00", 0);
        for (int i = 0; ready.key() == LegalSense.UNIT_ATTENTION; i++) {
            Claim.within(i, 0, ATTENTIONS_MAX, "unit attentions");
            ready = units.ask(0, lun, "00 00 00 00 00 00", 0);
        }
        Outcome status = units.ask(0, lun, "5e 03 00 00 00 00 00 ff ff 00", 65_535);
        Outcome keys = units.ask(0, lun, "5e 00 00 00 00 00 00 ff ff 00", 65_535);
        Outcome held = units.ask(0, lun, "5e 01 00 00 00 00 00 ff ff 00", 65_535);
        Claim.that(
                status.isGood() && keys.isGood() && held.isGood(),
                "whatever is reserved, its state is told");
        for (Outcome each : List.of(status, keys, held)) {
            Claim.that(u32(each.data(), 4) == each.data().length - 8L, "a list as long as it says");
        }
        long registrations = u32(keys.data(), 4) / 8;
        long described = 0;
        byte[] data = status.data();
        for (int at = 8; at < data.length; described++) {
            int port = (int) u32(data, at + 20);
            Claim.within(port, 24, 4 + 244, "a TransportID");
            Claim.that(port % 4 == 0 && data[at + 24] == 0x45, "a TransportID of iSCSI");
            at += 24 + port;
        }
        Claim.that(described == registrations, "as many ports as keys");
        Outcome pages = units.ask(0, lun, "1a 00 3f ff ff 00", 255);
        Claim.that(
                !pages.isGood() || (pages.data()[0] & 0xFF) == pages.data().length - 1,
                "mode pages as long as they say");
    }

    private static long u32(byte[] bytes, int at) {
        return (bytes[at] & 0xFFL) << 24
                | (bytes[at + 1] & 0xFF) << 16
                | (bytes[at + 2] & 0xFF) << 8
                | bytes[at + 3] & 0xFF;
    }

    // ---- what fuzzing begins with

    /** One input for each list. */
    public static List<byte[]> seeds() {
        String naa = naa(0);
        String other = naa(2);
        String port = "45 00 0034" + hex("iqn.2026-11.test:host,i,0x008000000002") + "0".repeat(28);
        String register = "0000000000000000 0000000000000007 00000000 00 00 0000";
        String registered = "0000000000000007 0000000000000000 00000000 00 00 0000";
        return List.of(
                input(
                        command(
                                UNMAP,
                                0,
                                0,
                                "0016 0010 00000000 0000000000000001 00000008 00000000")),
                input(
                        command(
                                UNMAP,
                                0,
                                0,
                                "0026 0020 00000000 0000000000000001 00000008 00000000"
                                        + "0000000000000009 00000001 00000000")),
                input(
                        command(MODE_SELECT_6, 0, 0, "00000000 0a0a 04" + "0".repeat(18)),
                        command(
                                MODE_SELECT_10,
                                2,
                                0,
                                "00000000 00000008 00000000 00001000 0a0a 04" + "0".repeat(18))),
                input(
                        command(RESERVE_OUT, 0, 0x00, register),
                        command(RESERVE_OUT, 0, 0x15, registered),
                        command(RESERVE_OUT, 4, 0x60, register),
                        command(
                                RESERVE_OUT,
                                4,
                                0x51,
                                "0000000000000007 0000000000000007 00000000 00 00 0000"),
                        command(RESERVE_OUT, 4, 0x30, registered)),
                input(
                        command(
                                RESERVE_OUT,
                                0,
                                0x00,
                                "0000000000000000 0000000000000007 00000000 08 00 0000 00000038"
                                        + port),
                        command(
                                RESERVE_OUT,
                                0,
                                0x70,
                                "0000000000000007 0000000000000008 00 01 0001 00000038" + port)),
                input(
                        command(WRITE_SAME_10, 0, 8, "11".repeat(512)),
                        command(WRITE_SAME_16, 2, 8, "00".repeat(1024)),
                        command(COMPARE_AND_WRITE, 0, 1, "11".repeat(1024)),
                        command(VERIFY, 0, 2, "11".repeat(512)),
                        command(WRITE_AND_VERIFY, 0, 2, "22".repeat(1024))),
                input(
                        command(
                                COPY,
                                0,
                                0,
                                "01 00 0040 00000000 0000001c 00000000"
                                        + ("e4 00 0000 01 03 00 10" + naa + "00000000 00 000000")
                                        + ("e4 00 0000 01 03 00 10" + other + "00000000 00 000000")
                                        + "02 00 0018 0000 0001 0000 0008"
                                        + "0000000000000000 0000000000000001"),
                        command(COPY_STATUS, 0, 1, "")));
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    /** The NAA designator of VPD page 83h, 16 bytes as this target has them. */
    private static String naa(int lun) {
        byte[] page = new FuzzedUnits().ask(0, lun, "12 01 83 01 00 00", 256).data();
        for (int at = 4; at < page.length; at += 4 + (page[at + 3] & 0xFF)) {
            if ((page[at + 1] & 0x3F) == 0x03) {
                return HexFormat.of().formatHex(Arrays.copyOfRange(page, at + 4, at + 20));
            }
        }
        throw new IllegalStateException("no NAA designator");
    }

    private static byte[] command(int kind, int how, int action, String list) {
        byte[] bytes = HexFormat.of().parseHex(list.replace(" ", ""));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(kind);
        out.write(how);
        out.write(action);
        out.write(bytes.length >> 8);
        out.write(bytes.length);
        out.writeBytes(bytes);
        return out.toByteArray();
    }

    private static byte[] input(byte[]... commands) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List.of(commands).forEach(out::writeBytes);
        return out.toByteArray();
    }
}
