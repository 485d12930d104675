package io.ashlar.systemtests.load;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What the load writes into each 512-byte sector: who it is, and bytes that no other sector or
 * generation has.
 *
 * <pre>
 *  0  8  run: drawn for each load
 *  8  8  sector number on the volume
 * 16  8  generation: the write that it came with
 * 24  4  region of the worker
 * 28  4  CRC32C of all other bytes
 * 32 480 filler, from run, sector and generation
 * </pre>
 */
final class SectorStamp {
    static final int BYTES = 512;
    private static final int RUN = 0;
    private static final int SECTOR = 8;
    private static final int GENERATION = 16;
    private static final int REGION = 24;
    private static final int CRC = 28;
    private static final int FILLER = 32;

    private SectorStamp() {}

    static void write(
            ByteBuffer buffer, int offset, long run, long sector, long generation, int region) {
        buffer.putLong(offset + RUN, run);
        buffer.putLong(offset + SECTOR, sector);
        buffer.putLong(offset + GENERATION, generation);
        buffer.putInt(offset + REGION, region);
        long state = run ^ (sector * 0x9e3779b97f4a7c15L) ^ (generation * 0xd1342543de82ef95L);
        for (int at = FILLER; at < BYTES; at += Long.BYTES) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            buffer.putLong(offset + at, state);
        }
        buffer.putInt(offset + CRC, crc(buffer, offset));
    }

    /**
     * The generation of a sector that is whole and in its place.
     *
     * @throws WrongData when it is not
     */
    static long read(ByteBuffer buffer, int offset, long run, long sector) throws WrongData {
        long readRun = buffer.getLong(offset + RUN);
        long readSector = buffer.getLong(offset + SECTOR);
        if (buffer.getInt(offset + CRC) != crc(buffer, offset)) {
            throw new WrongData(
                    "sector %d is torn or damaged; it says run %x sector %d generation %d"
                            .formatted(
                                    sector,
                                    readRun,
                                    readSector,
                                    buffer.getLong(offset + GENERATION)));
        }
        if (readRun != run || readSector != sector) {
            throw new WrongData(
                    "sector %d holds sector %d of run %x (this is run %x)"
                            .formatted(sector, readSector, readRun, run));
        }
        return buffer.getLong(offset + GENERATION);
    }

    private static int crc(ByteBuffer buffer, int offset) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.array(), buffer.arrayOffset() + offset, CRC);
        crc.update(buffer.array(), buffer.arrayOffset() + offset + FILLER, BYTES - FILLER);
        return (int) crc.getValue();
    }
}
