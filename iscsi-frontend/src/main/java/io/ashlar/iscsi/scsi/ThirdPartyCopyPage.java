package io.ashlar.iscsi.scsi;

import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** VPD page 8Fh, SPC-4 section 7.8.17: what the array copies by itself, and how much at a time. */
final class ThirdPartyCopyPage {
    private static final int SUPPORTED_COMMANDS = 0x0001;
    private static final int PARAMETER_DATA = 0x0004;
    private static final int SUPPORTED_DESCRIPTORS = 0x0008;
    private static final int SUPPORTED_DEVICE_IDS = 0x000C;
    private static final int GENERAL_OPERATIONS = 0x8001;
    private static final int EXTENDED_COPY = 0x83;
    private static final int RECEIVE_COPY = 0x84;

    private ThirdPartyCopyPage() {}

    /** The page without its header. */
    static byte[] body() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        describe(body, SUPPORTED_COMMANDS, supportedCommands());
        describe(body, PARAMETER_DATA, parameterData());
        describe(
                body,
                SUPPORTED_DESCRIPTORS,
                new byte[] {2, CopyList.BLOCKS_TO_BLOCKS, (byte) CopyList.BY_DESIGNATOR});
        describe(body, SUPPORTED_DEVICE_IDS, new byte[2]); // none but those in a list
        describe(body, GENERAL_OPERATIONS, generalOperations());
        return body.toByteArray();
    }

    /** Padded to a multiple of four. */
    private static void describe(ByteArrayOutputStream out, int type, byte[] data) {
        byte[] descriptor = new byte[4 + ((data.length + 3) & ~3)];
        Cdb.put16(descriptor, 0, type);
        Cdb.put16(descriptor, 2, descriptor.length - 4);
        System.arraycopy(data, 0, descriptor, 4, data.length);
        out.writeBytes(descriptor);
    }

    /** Operation codes, each with its service actions. */
    private static byte[] supportedCommands() {
        Map<Integer, ByteArrayOutputStream> actions = new LinkedHashMap<>();
        for (CommandTable.Command command : CommandTable.ALL) {
            if (command.opcode() == EXTENDED_COPY || command.opcode() == RECEIVE_COPY) {
                actions.computeIfAbsent(command.opcode(), _ -> new ByteArrayOutputStream())
                        .write(command.action());
            }
        }
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        actions.forEach((opcode, its) -> {
            list.write(opcode);
            list.write(its.size());
            list.writeBytes(its.toByteArray());
        });
        byte[] data = new byte[1 + list.size()];
        data[0] = (byte) list.size();
        System.arraycopy(list.toByteArray(), 0, data, 1, list.size());
        return data;
    }

    private static byte[] parameterData() {
        byte[] data = new byte[28];
        Cdb.put16(data, 4, CopyList.DEVICES_MAX);
        Cdb.put16(data, 6, CopyList.SEGMENTS_MAX);
        Cdb.put32(data, 8, CopyList.DESCRIPTOR_BYTES_MAX);
        return data;
    }

    private static byte[] generalOperations() {
        byte[] data = new byte[32];
        Cdb.put32(data, 0, CopyLog.KEPT_MAX);
        Cdb.put32(data, 4, CopyLog.KEPT_MAX);
        Cdb.put32(data, 8, CopyList.BYTES_MAX);
        data[12] = ExtendedCopies.GRANULARITY;
        return data;
    }
}
