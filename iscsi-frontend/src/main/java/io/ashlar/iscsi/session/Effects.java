package io.ashlar.iscsi.session;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.pdu.TargetPdu;

/** What a connection's machine wants done; the transport does it, in order. */
public interface Effects {
    /** Sends a PDU. */
    void send(TargetPdu pdu, Payload data);

    /** Digests from the next PDU on, both ways, and the longest data segment to accept, bytes. */
    void configure(boolean headerDigest, boolean dataDigest, int receiveBytesMax);

    /** Closes the transport once all that was sent is out; nothing is read any more. */
    void close();

    /** Whether what was sent leaves at the pace at which it comes. */
    boolean isWritable();
}
