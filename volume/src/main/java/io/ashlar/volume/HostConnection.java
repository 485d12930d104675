package io.ashlar.volume;

import java.util.function.Consumer;

/**
 * One transport connection of an association. It knows how old the bytes can be that arrive by it
 * (DESIGN section 6, rule 6). All methods are called on the association's shard, and callbacks come
 * there.
 */
public interface HostConnection {
    /**
     * Tells that bytes were read from the socket. Call it for every read, before the commands in
     * those bytes are stamped.
     *
     * @param bytes how many, 0 or more
     * @param queueEmpty whether the read emptied the socket's receive queue (it returned less than
     *     was asked for)
     */
    void received(int bytes, boolean queueEmpty);

    /**
     * The stamp for a command whose first byte has just been decoded. Opaque; to be handed to
     * {@link #submit}.
     */
    long stamp();

    /**
     * Submits a command.
     *
     * @param stamp what {@link #stamp} said when the command's header was decoded
     * @param done called once, on the association's shard, never from inside this call
     * @return the command's number in this association, for {@link Association#abort}
     */
    long submit(IoRequest request, long stamp, Consumer<IoResult> done);

    /**
     * The host has shown that it got the answer of a command: over iSCSI, its ExpStatSN is past the
     * status. What counts is the answer to a {@link IoRequest.CompareAndWrite} that was done: until
     * then, its repetition by another association is answered as it was (ADR 9).
     *
     * @param command what {@link #submit} returned
     */
    void delivered(long command);

    /**
     * The connection is gone. Its commands are aborted; those that were admitted may still take
     * effect until then.
     */
    void closed();
}
