/**
 * The nodes' own protocol over TCP: numbered streams of checksummed frames (DESIGN section 5,
 * "Streams"), and the event loops that serve as shards.
 *
 * <p>A request's way: {@code TcpTransport.send}, {@code TransportLane}, {@code OutgoingStream},
 * {@code SendQueue}, {@code OutgoingConnection}; at the receiver {@code FrameDecoder}, {@code
 * InboundConnection}, {@code MessageFamily.receive}.
 *
 * <h2>Frame</h2>
 *
 * <p>A header of 32 bytes, big-endian, and a body of up to {@link
 * io.ashlar.replication.PeerTransport#BODY_BYTES_MAX} bytes. The header is trusted after its
 * checksum, the body after its own.
 *
 * <pre>
 *  0  magic          4   0x4153484C, "ASHL"
 *  4  version        2   of types and bodies; now 1
 *  6  type           2   below
 *  8  flags          4   0 in version 1
 * 12  body length    4   bytes
 * 16  sequence       8   0, 1, 2 ... per connection and direction; a gap closes it
 * 24  body CRC-32C   4
 * 28  header CRC-32C 4   over bytes 0 to 27
 * </pre>
 *
 * <p>The header, Hello and HelloRefused keep their layout in all versions, so that nodes of
 * different versions can tell each other why they do not talk.
 *
 * <h2>Message types</h2>
 *
 * <table>
 * <caption>Types of the transport itself; both lanes</caption>
 * <tr><th>type</th><th>name</th><th>direction</th><th>class</th></tr>
 * <tr><td>1</td><td>Hello</td><td>connecting to accepting process, first frame</td>
 *     <td>{@code Hello}</td></tr>
 * <tr><td>2</td><td>HelloAck</td><td>accepting to connecting process: the stream stands</td>
 *     <td>{@code HelloAck}</td></tr>
 * <tr><td>3</td><td>HelloRefused</td><td>accepting to connecting process, then it closes</td>
 *     <td>{@code HelloRefused}</td></tr>
 * <tr><td>4</td><td>Beat</td><td>both, once a second, no body: the sender's event loop turns</td>
 *     <td>{@code Frame#beat}</td></tr>
 * <tr><td>5 to 15</td><td>reserved</td><td></td><td></td></tr>
 * <tr><td>16 to 65535</td><td>messages</td><td>connecting to accepting process</td>
 *     <td>the {@link io.ashlar.replication.MessageFamily} that owns the range; each family's
 *     package lists its own</td></tr>
 * </table>
 *
 * <p>A stream carries messages one way only; answers come by the other process's own stream. So
 * when the stream from a peer is a new one, families are told as if the stream to it had broken
 * too: the peer may have had an answer and nowhere to send it. It says by its first Beat that it
 * has.
 */
@NullMarked
package io.ashlar.replication.transport;

import org.jspecify.annotations.NullMarked;
