package io.ashlar.iscsi.session;

import io.ashlar.iscsi.fuzz.FuzzInput;
import io.ashlar.iscsi.fuzz.LogWatch;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Fuzz target: any CDB, with any amount of data offered or expected, ends in one status that is
 * legal; what is refused does nothing, and what is read-only stays.
 *
 * <p>An input is a list of commands of 18 bytes: how ({@link #READ} and so on), the CDB, and a byte
 * that fills the data.
 */
public final class CommandFuzz {
    private static final int READ = 0x01;
    private static final int WRITE = 0x02;
    private static final int LUN_SHIFT = 2;
    private static final int OTHER_HOST = 0x10;
    private static final int AMOUNT_SHIFT = 5;
    private static final int[] AMOUNTS = {0, 24, 512, 1024, 4096, 65_536, 1 << 20, -1};
    private static final int CDB_BYTES = 16;
    private static final int DATA_BYTES = 1024;
    private static final int COMMANDS_MAX = 40;

    private CommandFuzz() {}

    /** One input; fails if anything is not as it must be. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        try (LogWatch log = new LogWatch()) {
            FuzzInput in = new FuzzInput(bytes);
            FuzzedUnits units = new FuzzedUnits();
            for (int i = 0; i < COMMANDS_MAX && in.remaining() > 0; i++) {
                int how = in.u8();
                byte[] cdb = in.take(CDB_BYTES);
                byte[] data = new byte[DATA_BYTES];
                Arrays.fill(data, (byte) in.u8());
                units.run(
                        (how & OTHER_HOST) == 0 ? 0 : 1,
                        how >> LUN_SHIFT & 3,
                        cdb,
                        (how & READ) != 0,
                        (how & WRITE) != 0,
                        AMOUNTS[how >> AMOUNT_SHIFT],
                        data);
            }
            units.end();
            log.check(2); // one line for each connection that ends
        }
    }

    /** One input for each kind of command. */
    public static List<byte[]> seeds() {
        return List.of(
                input(
                        "81 12 00 00 00 ff 00",
                        "81 12 01 83 00 ff 00",
                        "85 12 01 b0 00 ff 00",
                        "89 12 01 8f 00 ff 00",
                        "8d 12 00 00 00 ff 00",
                        "81 03 01 00 00 fc 00",
                        "81 a0 00 02 00 00 00 00 00 10 00 00 00"),
                input(
                        "81 1a 00 3f ff ff 00",
                        "81 5a 10 0a 01 00 00 00 10 00 00",
                        "81 4d 00 40 ff 00 00 00 02 00 00",
                        "81 4d 00 6f 00 00 00 00 02 00 00",
                        "81 a3 0a 00 00 00 00 00 00 02 00 00 00",
                        "81 a3 0c 81 28 00 00 00 00 02 00 00 00",
                        "81 a3 0d 80 00 00 00 00 00 00 10 00 00"),
                input(
                        "81 25 00 00 00 00 00 00 00 00 00",
                        "81 9e 10 00 00 00 00 00 00 00 00 00 00 00 20",
                        "81 9e 12 00 00 00 00 00 00 00 00 00 00 01 00",
                        "81 08 00 00 01 01 00",
                        "81 28 00 00 00 00 01 00 00 08 00",
                        "c1 88 00 00 00 00 00 00 00 00 01 00 00 01 00 00 00",
                        "e1 a8 08 00 00 00 02 00 00 00 01 00 00"),
                input(
                        "42 0a 00 00 01 01 00",
                        "42 2a 00 00 00 00 01 00 00 01 00",
                        "62 2e 02 00 00 00 01 00 00 02 00",
                        "42 8a 08 00 00 00 00 00 00 00 01 00 00 00 01 00 00",
                        "42 8b 08 00 00 00 00 00 00 00 01 00 00 00 01 00 00",
                        "62 89 00 00 00 00 00 00 00 00 01 00 00 00 01 00 00",
                        "42 2f 02 00 00 00 01 00 00 01 00",
                        "42 93 08 00 00 00 00 00 00 00 01 00 00 00 08 00 00",
                        "00 93 09 00 00 00 00 00 00 00 01 00 00 00 08 00 00"),
                input(
                        "00 35 00 00 00 00 00 00 00 00 00",
                        "00 91 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
                        "00 34 00 00 00 00 00 00 00 01 00",
                        "00 1b 00 00 00 01 00",
                        "00 1e 00 00 00 01 00",
                        "00 16 00 00 00 00 00",
                        "10 17 00 00 00 00 00",
                        "11 28 00 00 00 00 00 00 00 01 00",
                        "00 17 00 00 00 00 00"),
                input(
                        "81 5e 00 00 00 00 00 00 01 00 00",
                        "81 5e 03 00 00 00 00 00 01 00 00",
                        "22 5f 06 00 00 00 00 00 00 18 00",
                        "22 5f 01 05 00 00 00 00 00 18 00",
                        "81 84 03 00 00 00 00 00 00 00 00 00 00 02 00 00 00"));
    }

    private static byte[] input(String... commands) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String command : commands) {
            byte[] bytes = HexFormat.of().parseHex(command.replace(" ", ""));
            out.writeBytes(Arrays.copyOf(bytes, 1 + CDB_BYTES));
            out.write(0x11);
        }
        return out.toByteArray();
    }
}
