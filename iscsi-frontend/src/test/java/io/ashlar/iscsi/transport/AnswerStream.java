package io.ashlar.iscsi.transport;

import io.ashlar.common.Crc32c;
import io.ashlar.iscsi.fuzz.Claim;
import io.ashlar.iscsi.pdu.AsyncMessagePdu;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.LogoutResponsePdu;
import io.ashlar.iscsi.pdu.NopInPdu;
import io.ashlar.iscsi.pdu.R2tPdu;
import io.ashlar.iscsi.pdu.RejectPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import io.ashlar.iscsi.pdu.TextResponsePdu;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * Cuts what a target sends into PDUs, and fails where an initiator could make nothing of it:
 * unknown PDUs, wrong digests, segments that are too long, gaps in StatSN, a command window that
 * shrinks or grows beyond its size.
 */
final class AnswerStream {
    private static final int HEADER_BYTES = 48;
    private static final int DIGEST_BYTES = 4;
    private static final int DATA_SEGMENT_LENGTH = 5;
    private static final int FULL_FEATURE = 3;
    private static final int RESERVED_TAG = 0xFFFF_FFFF;

    private final int segmentMax;
    private final int windowMax;
    private final ByteBuf bytes = Unpooled.buffer();
    private final StringBuilder loginText = new StringBuilder();
    private boolean headerDigest;
    private boolean dataDigest;
    private boolean loggedIn;
    private int statSn = 1;
    private int maxCmdSn;
    private int count;

    /**
     * @param segmentMax longest data segment in the full feature phase, in bytes
     * @param windowMax most commands in progress
     */
    AnswerStream(int segmentMax, int windowMax) {
        this.segmentMax = segmentMax;
        this.windowMax = windowMax;
    }

    boolean isLoggedIn() {
        return loggedIn;
    }

    boolean hasHeaderDigest() {
        return headerDigest;
    }

    boolean hasDataDigest() {
        return dataDigest;
    }

    /** PDUs so far. */
    int count() {
        return count;
    }

    /** Takes what was sent; borrows it. */
    void add(ByteBuf sent) {
        bytes.writeBytes(sent);
        while (bytes.readableBytes() >= HEADER_BYTES) {
            int data = bytes.getUnsignedMedium(bytes.readerIndex() + DATA_SEGMENT_LENGTH);
            int padded = (data + 3) & ~3;
            int headerBytes = HEADER_BYTES + (headerDigest ? DIGEST_BYTES : 0);
            int dataBytes = padded + (dataDigest && data > 0 ? DIGEST_BYTES : 0);
            if (bytes.readableBytes() < headerBytes + dataBytes) {
                return;
            }
            Claim.within(data, 0, segmentMax, "data segment");
            ByteBuf header = digested(HEADER_BYTES, headerDigest);
            ByteBuf text = digested(padded, dataDigest && data > 0).slice(0, data);
            count++;
            onPdu(TargetPdu.decode(header), text);
        }
        bytes.discardReadBytes();
    }

    private ByteBuf digested(int length, boolean hasDigest) {
        ByteBuf part = Unpooled.buffer(Math.max(1, length)).writeBytes(bytes, length);
        if (hasDigest) {
            Claim.that(bytes.readIntLE() == Crc32c.of(part.nioBuffer()), "a digest is right");
        }
        return part;
    }

    private void onPdu(TargetPdu pdu, ByteBuf data) {
        switch (pdu) {
            case LoginResponsePdu p -> onLogin(p, data);
            case NopInPdu p -> {
                onNumbers(p.expCmdSn(), p.maxCmdSn());
                if (p.initiatorTaskTag() == RESERVED_TAG) {
                    Claim.that(p.statSn() == statSn, "StatSN of a ping is the next one");
                } else {
                    onStatSn(p.statSn());
                }
            }
            case ScsiResponsePdu p -> onStatus(p.statSn(), p.expCmdSn(), p.maxCmdSn());
            case TaskManagementResponsePdu p -> onStatus(p.statSn(), p.expCmdSn(), p.maxCmdSn());
            case TextResponsePdu p -> onStatus(p.statSn(), p.expCmdSn(), p.maxCmdSn());
            case LogoutResponsePdu p -> onStatus(p.statSn(), p.expCmdSn(), p.maxCmdSn());
            case AsyncMessagePdu p -> onStatus(p.statSn(), p.expCmdSn(), p.maxCmdSn());
            case RejectPdu p -> {
                onStatus(p.statSn(), p.expCmdSn(), p.maxCmdSn());
                Claim.that(data.readableBytes() == HEADER_BYTES, "a Reject holds a header");
            }
            case DataInPdu p -> {
                onNumbers(p.expCmdSn(), p.maxCmdSn());
                if (p.withStatus()) {
                    onStatSn(p.statSn());
                }
            }
            case R2tPdu p -> {
                onNumbers(p.expCmdSn(), p.maxCmdSn());
                Claim.that(p.statSn() == statSn, "StatSN of an R2T is the next one");
                Claim.that(p.length() > 0 && p.bufferOffset() >= 0, "an R2T asks for data");
            }
        }
    }

    private void onLogin(LoginResponsePdu response, ByteBuf data) {
        Claim.that(!loggedIn, "one login");
        onStatSn(response.statSn());
        loginText.append(data.toString(StandardCharsets.UTF_8));
        if (response.transit() && response.nextStage() == FULL_FEATURE) {
            loggedIn = true;
            maxCmdSn = response.maxCmdSn();
            headerDigest = loginText.indexOf("HeaderDigest=CRC32C") >= 0;
            dataDigest = loginText.indexOf("DataDigest=CRC32C") >= 0;
        }
    }

    private void onStatus(int newStatSn, int expCmdSn, int newMaxCmdSn) {
        onStatSn(newStatSn);
        onNumbers(expCmdSn, newMaxCmdSn);
    }

    private void onStatSn(int sent) {
        Claim.that(sent == statSn, "StatSN has no gaps");
        statSn++;
    }

    private void onNumbers(int expCmdSn, int newMaxCmdSn) {
        Claim.that(loggedIn, "nothing but login responses before the full feature phase");
        Claim.within(newMaxCmdSn - expCmdSn + 1, 0, windowMax, "command window");
        Claim.that(newMaxCmdSn - maxCmdSn >= 0, "MaxCmdSN does not go back");
        maxCmdSn = newMaxCmdSn;
    }

    /** Nothing is sent in halves. */
    void end() {
        Claim.that(!bytes.isReadable(), "the last PDU is whole");
    }
}
