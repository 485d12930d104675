package io.ashlar.iscsi.login;

/**
 * What was negotiated, RFC 7143 section 13. Lengths are bytes.
 *
 * @param maxSendDataSegmentLength the longest data segment that the initiator takes
 * @param maxReceiveDataSegmentLength the longest that we take
 * @param protocolLevel iSCSIProtocolLevel: with 2 there are the functions of RFC 7144
 */
public record SessionParameters(
        boolean headerDigest,
        boolean dataDigest,
        boolean initialR2t,
        boolean immediateData,
        int maxSendDataSegmentLength,
        int maxReceiveDataSegmentLength,
        int maxBurstLength,
        int firstBurstLength,
        int maxOutstandingR2t,
        int defaultTime2Wait,
        int defaultTime2Retain,
        int protocolLevel) {}
