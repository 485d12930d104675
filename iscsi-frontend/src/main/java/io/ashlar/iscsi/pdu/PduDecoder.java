package io.ashlar.iscsi.pdu;

import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.zip.CRC32C;

/**
 * Cuts a byte stream into PDUs, RFC 7143 section 11.1: header, additional headers, header digest,
 * data, padding, data digest. It holds at most one header; data goes straight from the socket's
 * buffer to where the {@link Receiver} wants it. All that it is given is used up at once, so that a
 * PDU's beginning is always seen with the read that brought it. Owned by the connection's shard.
 */
public final class PduDecoder {
    /** A digest, section 13.1, in bytes. */
    static final int DIGEST_BYTES = 4;

    /** What is told of the stream, in its order. */
    public interface Receiver {
        /** The first byte of a PDU is there; the header need not be. */
        void onFirstByte();

        /**
         * The header is there and intact. If the data segment is not empty, its place may be chosen
         * with {@link DataArea#use}; else it gets a fresh array.
         */
        void onHeader(InitiatorPdu pdu, DataArea area);

        /**
         * The PDU is complete.
         *
         * @param dataIntact false if the data digest was wrong
         */
        void onPdu(InitiatorPdu pdu, DataArea area, boolean dataIntact);

        /** The stream makes no sense from here on; nothing more will be decoded. */
        void onBroken(String reason);
    }

    private enum Part {
        HEADER,
        ADDITIONAL,
        HEADER_DIGEST,
        DATA,
        PADDING,
        DATA_DIGEST,
        BROKEN
    }

    private final Receiver receiver;
    private final ByteBuf header = Unpooled.buffer(Bhs.BYTES, Bhs.BYTES);
    private final byte[] small = new byte[DIGEST_BYTES];
    private final DataArea area = new DataArea();
    private final CRC32C crc = new CRC32C();
    private byte[] additional = DataArea.NONE;
    private int dataBytesMax;
    private boolean headerDigest;
    private boolean dataDigest;
    private Part part = Part.HEADER;

    /** Bytes of the current part that are there. */
    private int filled;

    private InitiatorPdu pdu = new UnknownPdu(0, 0);

    /**
     * @param dataBytesMax longest data segment that is accepted, in bytes
     */
    public PduDecoder(Receiver receiver, int dataBytesMax) {
        this.receiver = receiver;
        this.dataBytesMax = dataBytesMax;
    }

    /** What holds from the next PDU on. */
    public void configure(boolean withHeaderDigest, boolean withDataDigest, int bytesMax) {
        headerDigest = withHeaderDigest;
        dataDigest = withDataDigest;
        dataBytesMax = bytesMax;
    }

    /** A copy of the header of the PDU that is being told of, for a Reject. */
    public byte[] headerBytes() {
        return header.array().clone();
    }

    /** Nothing more is decoded. */
    public void stop() {
        part = Part.BROKEN;
    }

    /** Takes all bytes of {@code in}; borrows it. */
    public void decode(ByteBuf in) {
        while (in.isReadable() && part != Part.BROKEN) {
            switch (part) {
                case HEADER -> onHeaderBytes(in);
                case ADDITIONAL -> {
                    if (fill(in, additional, 0, additional.length)) {
                        afterAdditional();
                    }
                }
                case HEADER_DIGEST -> {
                    if (fill(in, small, 0, DIGEST_BYTES)) {
                        checkHeaderDigest();
                    }
                }
                case DATA -> {
                    if (fill(in, area.array(), area.offset(), area.length())) {
                        afterData();
                    }
                }
                case PADDING -> {
                    if (fill(in, small, 0, Bhs.padded(area.length()) - area.length())) {
                        afterPadding();
                    }
                }
                case DATA_DIGEST -> {
                    if (fill(in, small, 0, DIGEST_BYTES)) {
                        complete(digestMatches());
                    }
                }
                case BROKEN -> in.skipBytes(in.readableBytes());
            }
        }
        if (part == Part.BROKEN) {
            in.skipBytes(in.readableBytes());
        }
    }

    private void onHeaderBytes(ByteBuf in) {
        if (filled == 0) {
            receiver.onFirstByte();
        }
        if (!fill(in, header.array(), 0, Bhs.BYTES)) {
            return;
        }
        header.setIndex(0, Bhs.BYTES);
        int additionalBytes = 4 * header.getUnsignedByte(Bhs.TOTAL_AHS_LENGTH);
        int dataBytes = header.getUnsignedMedium(Bhs.DATA_SEGMENT_LENGTH);
        if (!headerDigest && dataBytes > dataBytesMax) {
            tooLong(dataBytes);
            return;
        }
        area.reset(dataBytes);
        additional = additionalBytes == 0 ? DataArea.NONE : new byte[additionalBytes];
        if (additionalBytes > 0) {
            part = Part.ADDITIONAL;
        } else {
            afterAdditional();
        }
    }

    private void tooLong(int dataBytes) {
        broken("data segment of " + dataBytes + " bytes, limit " + dataBytesMax);
    }

    private void broken(String reason) {
        part = Part.BROKEN;
        receiver.onBroken(reason);
    }

    private void afterAdditional() {
        if (headerDigest) {
            part = Part.HEADER_DIGEST;
        } else {
            headerComplete();
        }
    }

    private void checkHeaderDigest() {
        crc.reset();
        crc.update(header.array(), 0, Bhs.BYTES);
        crc.update(additional, 0, additional.length);
        if (!digestMatches()) {
            // not even the length can be trusted, so the next header cannot be found (7.7)
            broken("header digest is wrong");
        } else if (area.length() > dataBytesMax) {
            tooLong(area.length());
        } else {
            headerComplete();
        }
    }

    private void headerComplete() {
        try {
            pdu = InitiatorPdu.decode(header, additional);
        } catch (WireFormatException e) {
            broken(String.valueOf(e.getMessage()));
            return;
        }
        receiver.onHeader(pdu, area);
        if (part == Part.BROKEN) {
            return;
        }
        if (area.length() == 0) {
            complete(true);
            return;
        }
        if (area.array().length == 0) {
            area.use(new byte[area.length()], 0);
        }
        part = Part.DATA;
    }

    private void afterData() {
        if (dataDigest) {
            crc.reset();
            crc.update(area.array(), area.offset(), area.length());
        }
        if (Bhs.padded(area.length()) > area.length()) {
            part = Part.PADDING;
        } else if (dataDigest) {
            part = Part.DATA_DIGEST;
        } else {
            complete(true);
        }
    }

    private void afterPadding() {
        if (dataDigest) {
            crc.update(small, 0, Bhs.padded(area.length()) - area.length());
            part = Part.DATA_DIGEST;
        } else {
            complete(true);
        }
    }

    /** Digests travel with their lowest byte first, as the examples of RFC 7143 appendix A show. */
    private boolean digestMatches() {
        int wanted = (int) crc.getValue();
        return (byte) wanted == small[0]
                && (byte) (wanted >>> 8) == small[1]
                && (byte) (wanted >>> 16) == small[2]
                && (byte) (wanted >>> 24) == small[3];
    }

    private void complete(boolean dataIntact) {
        part = Part.HEADER;
        receiver.onPdu(pdu, area, dataIntact);
    }

    /** Whether the part, {@code bytes} long, is complete. */
    private boolean fill(ByteBuf in, byte[] target, int offset, int bytes) {
        int now = Math.min(in.readableBytes(), bytes - filled);
        in.readBytes(target, offset + filled, now);
        filled += now;
        if (filled < bytes) {
            return false;
        }
        filled = 0;
        return true;
    }
}
