package io.ashlar.iscsi.transport;

import io.ashlar.iscsi.fuzz.Claim;
import io.ashlar.iscsi.fuzz.FuzzInput;
import io.ashlar.iscsi.fuzz.LogWatch;
import io.ashlar.iscsi.login.TextKeys;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.InitiatorPdu;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.iscsi.pdu.LogoutRequestPdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.pdu.SnackPdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TextRequestPdu;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fuzz target: whatever comes out of a socket, before, during or after a login, is answered by PDUs
 * that an initiator can take, or ends the connection; and nothing of it is left behind.
 *
 * <p>The first byte of an input says how it begins: as a bare stream, or as requests after a login
 * ({@link RequestWriter}).
 */
public final class ConnectionFuzz {
    static final int BARE = 0;
    static final int NORMAL = 1;
    static final int DISCOVERY = 2;
    static final int WITH_DIGESTS = 3;
    private static final int KIND = 0x03;
    private static final int SLOW = 0x04;
    private static final int UNSOLICITED_DATA = 0x08;
    private static final int REQUESTS_MAX = 100;
    private static final int CUT_BYTES = 100;
    private static final long DELAY_NANOS = 2_000_000_000L;
    private static final int SEGMENT_BYTES = 2048;
    private static final int LINES_MAX = 1;

    private ConnectionFuzz() {}

    /** One input; fails if anything is not as it must be. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        try (LogWatch log = new LogWatch()) {
            FuzzInput in = new FuzzInput(bytes);
            int mode = in.u8();
            int kind = mode & KIND;
            FuzzedConnection connection = new FuzzedConnection(kind == BARE ? 0 : SEGMENT_BYTES);
            if (kind == BARE) {
                while (in.remaining() > 0) {
                    int next = Math.min(in.remaining(), CUT_BYTES);
                    connection.read(in.take(next), in.remaining() == 0);
                }
            } else {
                logIn(connection, kind, (mode & UNSOLICITED_DATA) != 0);
                connection.slow((mode & SLOW) != 0 ? DELAY_NANOS : 0);
                RequestWriter writer = new RequestWriter(connection);
                for (int i = 0; i < REQUESTS_MAX && in.remaining() > 0; i++) {
                    writer.request(in);
                }
            }
            connection.end();
            log.check(LINES_MAX);
        }
    }

    private static void logIn(FuzzedConnection connection, int kind, boolean unsolicited) {
        Map<String, String> keys = identity();
        if (kind == DISCOVERY) {
            keys.put("SessionType", "Discovery");
            keys.remove("TargetName");
        } else {
            keys.put("InitialR2T", unsolicited ? "No" : "Yes");
        }
        if (kind == WITH_DIGESTS) {
            keys.put("HeaderDigest", "CRC32C");
            keys.put("DataDigest", "CRC32C");
        }
        keys.put("MaxRecvDataSegmentLength", Integer.toString(SEGMENT_BYTES));
        connection.read(pdu(login(), TextKeys.format(keys)), true);
        Claim.that(connection.answers().isLoggedIn(), "a correct login is accepted");
    }

    private static Map<String, String> identity() {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("InitiatorName", "iqn.2026-11.test:host");
        keys.put("SessionType", "Normal");
        keys.put("TargetName", FuzzedConnection.TARGET);
        return keys;
    }

    private static LoginRequestPdu login() {
        return new LoginRequestPdu(
                true, false, 1, 3, 0, 0, 0x80_0000_0001L, 0, 1, 0, RequestWriter.FIRST_CMD_SN, 0);
    }

    /** A PDU as an initiator sends it that uses no digests. */
    private static byte[] pdu(InitiatorPdu pdu, byte[] data) {
        ByteBuf out = Unpooled.buffer();
        pdu.encode(out);
        out.setMedium(RequestWriter.DATA_SEGMENT_LENGTH, data.length);
        return ByteBufUtil.getBytes(out.writeBytes(data).writeZero(-data.length & 3));
    }

    // ---- what fuzzing begins with

    /** One input for each kind of request, and the exchanges that take several. */
    public static List<byte[]> seeds() {
        byte[] block = new byte[512];
        byte[] none = {};
        return List.of(
                input(BARE, pdu(login(), TextKeys.format(identity()))),
                input(
                        NORMAL,
                        request(command("28 00 00000000 00 0008 00", 4096, true, false), none),
                        request(command("2a 00 00000000 00 0001 00", 512, false, true), block),
                        request(command("12 01 83 00 ff 00", 255, true, false), none)),
                // a write of four blocks: one comes with the command, and three by R2T
                input(
                        NORMAL,
                        request(command("2a 00 00000000 00 0004 00", 2048, false, true), block),
                        request(new DataOutPdu(true, 0, 7, 1, 0, 0, 512), new byte[1536])),
                input(
                        NORMAL | UNSOLICITED_DATA,
                        request(
                                new ScsiCommandPdu(
                                        false,
                                        false,
                                        false,
                                        true,
                                        0,
                                        0,
                                        7,
                                        1024,
                                        0,
                                        0,
                                        cdb("2a 00 00000000 00 0002 00")),
                                block),
                        request(new DataOutPdu(true, 0, 7, -1, 0, 0, 512), block)),
                input(
                        NORMAL | SLOW,
                        request(command("28 00 00000000 00 0008 00", 4096, true, false), none),
                        request(new TaskManagementRequestPdu(true, 1, 0, 8, 7, 0, 0, 0), none),
                        request(new TaskManagementRequestPdu(true, 5, 0, 9, -1, 0, 0, 0), none),
                        request(new NopOutPdu(true, 0, -1, 1, 0, 0), none)),
                input(
                        DISCOVERY,
                        request(
                                new TextRequestPdu(false, true, false, 0, 7, -1, 0, 0),
                                "SendTargets=All\0".getBytes(StandardCharsets.UTF_8)),
                        request(new LogoutRequestPdu(false, 0, 8, 0, 0, 0), none)),
                input(
                        WITH_DIGESTS,
                        request(command("2a 00 00000000 00 0001 00", 512, false, true), block),
                        request(new NopOutPdu(false, 0, 7, -1, 0, 0), block),
                        request(new SnackPdu(0, 0, 1, -1, 0, 0, 0), none),
                        request(new LogoutRequestPdu(false, 1, 8, 0, 0, 0), none)));
    }

    private static byte[] cdb(String hex) {
        return java.util.Arrays.copyOf(HexFormat.of().parseHex(hex.replace(" ", "")), 16);
    }

    private static ScsiCommandPdu command(String cdb, int expected, boolean read, boolean write) {
        return new ScsiCommandPdu(false, true, read, write, 1, 0, 7, expected, 0, 0, cdb(cdb));
    }

    private static byte[] request(InitiatorPdu pdu, byte[] data) {
        ByteBuf out = Unpooled.buffer().writeByte(0);
        return ByteBufUtil.getBytes(out.writeBytes(pdu(pdu, data)));
    }

    private static byte[] input(int mode, byte[]... parts) {
        ByteBuf out = Unpooled.buffer().writeByte(mode);
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return ByteBufUtil.getBytes(out);
    }
}
