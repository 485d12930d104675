package io.ashlar.iscsi.login;

/**
 * What this target offers in negotiations; lengths are bytes.
 *
 * @param maxReceiveDataSegmentLength MaxRecvDataSegmentLength that we declare
 * @param maxOutstandingR2t R2Ts of one command that may be open at once
 * @param textBytesMax longest text of a negotiation, over all its PDUs
 * @param requestsMax Login Requests of one login, and parts of one text that is continued
 */
public record LoginLimits(
        int maxReceiveDataSegmentLength,
        int maxBurstLength,
        int firstBurstLength,
        int maxOutstandingR2t,
        int textBytesMax,
        int requestsMax) {}
