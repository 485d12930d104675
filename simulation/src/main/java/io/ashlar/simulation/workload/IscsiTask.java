package io.ashlar.simulation.workload;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.volume.IoRequest;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A SCSI command of an initiator, from its CDB to its status. */
final class IscsiTask {
    static final int NO_TAG = -1;
    private static final int BLOCK_BYTES = 512;
    private static final byte UNMAP = 0x42;
    private static final byte READ_16 = (byte) 0x88;
    private static final byte WRITE_16 = (byte) 0x8A;
    private static final byte ORWRITE_16 = (byte) 0x8B;
    private static final byte COMPARE_AND_WRITE = (byte) 0x89;
    private static final int UNMAP_LIST_BYTES = 24;
    private static final int SIMPLE = 1;

    /** The host's own name for it; {@link #NO_TAG} for what the initiator asks by itself. */
    final long tag;

    final long lun;
    final int initiatorTaskTag;

    /** For the target; empty if there is none. */
    final byte[] out;

    /** From the target. */
    final byte[] in;

    private final byte[] cdb;
    int inBytes;
    int cmdSn;

    /** Its place among all that the session has sent; 0 while it waits for the command window. */
    long sent;

    /** When the last data that was asked for so far goes out. */
    long dataNanos;

    boolean isAborting;

    private IscsiTask(
            long tag, long lun, int initiatorTaskTag, byte[] cdb, byte[] out, int inBytes) {
        this.tag = tag;
        this.lun = lun;
        this.initiatorTaskTag = initiatorTaskTag;
        this.cdb = cdb;
        this.out = out;
        this.in = new byte[inBytes];
    }

    static IscsiTask testUnitReady(long lun, int initiatorTaskTag) {
        return new IscsiTask(NO_TAG, lun, initiatorTaskTag, new byte[16], new byte[0], 0);
    }

    static IscsiTask of(long tag, long lun, int initiatorTaskTag, IoRequest request) {
        return switch (request) {
            case IoRequest.Read read ->
                    new IscsiTask(
                            tag,
                            lun,
                            initiatorTaskTag,
                            transfer(READ_16, read.offset(), read.length()),
                            new byte[0],
                            read.length());
            case IoRequest.Write write ->
                    out(tag, lun, initiatorTaskTag, WRITE_16, write.offset(), write.data());
            case IoRequest.OrWrite or ->
                    out(tag, lun, initiatorTaskTag, ORWRITE_16, or.offset(), or.data());
            case IoRequest.CompareAndWrite compare -> {
                int block = compare.data().length();
                byte[] cdb = transfer(COMPARE_AND_WRITE, compare.offset(), 0);
                cdb[13] = (byte) (block / BLOCK_BYTES);
                byte[] both = Arrays.copyOf(compare.compared().toByteArray(), 2 * block);
                compare.data().copyTo(0, both, block, block);
                yield new IscsiTask(tag, lun, initiatorTaskTag, cdb, both, 0);
            }
            case IoRequest.Settle settle ->
                    throw new IllegalArgumentException("no host can send " + settle);
            case IoRequest.Zero zero -> {
                byte[] cdb = new byte[16];
                cdb[0] = UNMAP;
                cdb[8] = UNMAP_LIST_BYTES;
                ByteBuffer list = ByteBuffer.allocate(UNMAP_LIST_BYTES);
                list.putShort((short) (UNMAP_LIST_BYTES - 2));
                list.putShort((short) (UNMAP_LIST_BYTES - 8));
                list.putInt(0);
                list.putLong(zero.offset() / BLOCK_BYTES);
                list.putInt((int) (zero.length() / BLOCK_BYTES));
                yield new IscsiTask(tag, lun, initiatorTaskTag, cdb, list.array(), 0);
            }
            case IoRequest.Flush _, IoRequest.ChangeReservations _ ->
                    throw new IllegalArgumentException("simulated hosts send no " + request);
        };
    }

    private static IscsiTask out(
            long tag, long lun, int initiatorTaskTag, byte code, long offset, Payload data) {
        byte[] cdb = transfer(code, offset, data.length());
        return new IscsiTask(tag, lun, initiatorTaskTag, cdb, data.toByteArray(), 0);
    }

    private static byte[] transfer(byte code, long offset, int bytes) {
        ByteBuffer cdb = ByteBuffer.allocate(16);
        cdb.put(code).put((byte) 0);
        cdb.putLong(offset / BLOCK_BYTES);
        cdb.putInt(bytes / BLOCK_BYTES);
        return cdb.array();
    }

    /**
     * @param last whether no unsolicited data follows
     */
    ScsiCommandPdu pdu(boolean last, int expStatSn) {
        return new ScsiCommandPdu(
                false,
                last,
                in.length > 0,
                out.length > 0,
                SIMPLE,
                lun,
                initiatorTaskTag,
                Math.max(in.length, out.length),
                cmdSn,
                expStatSn,
                cdb);
    }

    byte[] out(int from, int to) {
        return Arrays.copyOfRange(out, from, to);
    }
}
