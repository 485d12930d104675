package io.ashlar.iscsi.transport;

import io.ashlar.common.Crc32c;
import io.ashlar.iscsi.fuzz.FuzzInput;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/**
 * Makes requests of an input, in a session that stands. A request is one byte that says what
 * happens beside it, a header, additional headers and data, as they go over the wire but for the
 * digests. What a fuzzer would hardly guess is put right: CmdSN, the length of data that is there,
 * and digests; unless the first byte says otherwise.
 */
final class RequestWriter {
    static final int DATA_SEGMENT_LENGTH = 5;
    static final int FIRST_CMD_SN = 0xFFFF_FFFE;

    private static final int SECOND_PASSES = 0x01;
    private static final int TOGGLE_WRITABLE = 0x02;
    private static final int AS_IT_IS = 0x04;
    private static final int IN_TWO_READS = 0x08;
    private static final int WRONG_DIGEST = 0x10;
    private static final int MORE_IN_QUEUE = 0x20;
    private static final int OUT_OF_TURN = 0x40;
    private static final int BLOCK_OF_ZEROS = 0x80;

    private static final int HEADER_BYTES = 48;
    private static final int TOTAL_AHS_LENGTH = 4;
    private static final int CMD_SN = 24;
    private static final int OPCODE_MASK = 0x3F;
    private static final int IMMEDIATE = 0x40;
    private static final int DATA_OUT = 0x05;
    private static final int DATA_BYTES_MAX = 8192;
    private static final int AHS_WORDS_MAX = 8;
    private static final int ZEROS = 512;
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final FuzzedConnection connection;
    private int cmdSn = FIRST_CMD_SN;

    RequestWriter(FuzzedConnection connection) {
        this.connection = connection;
    }

    /** Sends the next request of the input. */
    void request(FuzzInput in) {
        int how = in.u8();
        if ((how & SECOND_PASSES) != 0) {
            connection.pass(SECOND_NANOS);
        }
        if ((how & TOGGLE_WRITABLE) != 0 && connection.isOpen()) {
            connection.toggleWritable();
        }
        byte[] bytes = pdu(in, how);
        if ((how & IN_TWO_READS) != 0) {
            connection.readInTwo(bytes, in.u8());
        } else {
            connection.read(bytes, (how & MORE_IN_QUEUE) == 0);
        }
    }

    private byte[] pdu(FuzzInput in, int how) {
        byte[] header = in.take(HEADER_BYTES);
        ByteBuf out = Unpooled.wrappedBuffer(header);
        boolean asItIs = (how & AS_IT_IS) != 0;
        int opcode = header[0] & OPCODE_MASK;
        if (!asItIs) {
            header[TOTAL_AHS_LENGTH] %= AHS_WORDS_MAX;
            header[TOTAL_AHS_LENGTH] = (byte) Math.max(0, header[TOTAL_AHS_LENGTH]);
            boolean numbered = opcode < DATA_OUT || opcode == 0x06;
            if (numbered) {
                out.setInt(CMD_SN, cmdSn + ((how & OUT_OF_TURN) != 0 ? 1 : 0));
            }
            if (numbered && (header[0] & IMMEDIATE) == 0 && (how & OUT_OF_TURN) == 0) {
                cmdSn++;
            }
        }
        byte[] additional = in.take(4 * (header[TOTAL_AHS_LENGTH] & 0xFF));
        byte[] data;
        if (!asItIs && (how & BLOCK_OF_ZEROS) != 0) {
            data = new byte[ZEROS];
        } else {
            int declared = out.getUnsignedMedium(DATA_SEGMENT_LENGTH);
            data = in.take(Math.min(Math.min(declared, in.remaining()), DATA_BYTES_MAX));
        }
        if (!asItIs) {
            out.setMedium(DATA_SEGMENT_LENGTH, data.length);
        }
        return whole(header, additional, data, (how & WRONG_DIGEST) != 0);
    }

    private byte[] whole(byte[] header, byte[] additional, byte[] data, boolean wrong) {
        ByteBuf out = Unpooled.buffer().writeBytes(header).writeBytes(additional);
        if (connection.answers().hasHeaderDigest()) {
            out.writeIntLE(Crc32c.of(out.nioBuffer()));
        }
        int start = out.writerIndex();
        out.writeBytes(data).writeZero(-data.length & 3);
        if (connection.answers().hasDataDigest() && data.length > 0) {
            int digest = Crc32c.of(out.nioBuffer(start, out.writerIndex() - start));
            out.writeIntLE(wrong ? digest + 1 : digest);
        }
        return ByteBufUtil.getBytes(out);
    }
}
