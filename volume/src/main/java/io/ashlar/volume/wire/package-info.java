/**
 * The messages between ingress and owner, types 0x0400 to 0x04FF, and tickets, types 0x0500 to
 * 0x05FF. Public here means: to this module.
 *
 * <table>
 * <caption>Messages</caption>
 * <tr><th>type</th><th>message</th><th>direction, lane</th></tr>
 * <tr><td>0x0400</td><td>{@link io.ashlar.volume.wire.ToOwner.Part}</td><td>ingress to owner, data</td></tr>
 * <tr><td>0x0401</td><td>{@link io.ashlar.volume.wire.ToOwner.Control}</td><td>ingress to owner, data</td></tr>
 * <tr><td>0x0402</td><td>{@link io.ashlar.volume.wire.ToOwner.Pong}</td><td>ingress to owner, data</td></tr>
 * <tr><td>0x0403</td><td>{@link io.ashlar.volume.wire.ToOwner.Move}</td><td>any node to owner, data</td></tr>
 * <tr><td>0x0410</td><td>{@link io.ashlar.volume.wire.ToIngress.PartDone}</td><td>owner to ingress, data</td></tr>
 * <tr><td>0x0411</td><td>{@link io.ashlar.volume.wire.ToIngress.PartFailed}</td><td>owner to ingress, data</td></tr>
 * <tr><td>0x0412</td><td>{@link io.ashlar.volume.wire.ToIngress.PartRefused}</td><td>owner to ingress, data</td></tr>
 * <tr><td>0x0413</td><td>{@link io.ashlar.volume.wire.ToIngress.ControlDone}</td><td>owner to ingress, data</td></tr>
 * <tr><td>0x0414</td><td>{@link io.ashlar.volume.wire.ToIngress.Ping}</td><td>owner to ingress, data</td></tr>
 * <tr><td>0x0415</td><td>{@link io.ashlar.volume.wire.ToIngress.Serving}</td><td>owner to all, data</td></tr>
 * <tr><td>0x0416</td><td>{@link io.ashlar.volume.wire.ToIngress.VolumeReset}</td><td>owner to all, data</td></tr>
 * <tr><td>0x0417</td><td>{@link io.ashlar.volume.wire.ToIngress.RepliesLost}</td><td>owner to ingress, data</td></tr>
 * <tr><td>0x0418</td><td>{@link io.ashlar.volume.wire.ToIngress.PartMoved}</td><td>former owner to ingress, data</td></tr>
 * <tr><td>0x0419</td><td>{@link io.ashlar.volume.wire.ToIngress.MoveAnswer}</td><td>owner to any node, data</td></tr>
 * <tr><td>0x0420</td><td>{@link io.ashlar.volume.wire.Transfer.Offer}</td><td>owner to successor, data</td></tr>
 * <tr><td>0x0421</td><td>{@link io.ashlar.volume.wire.Transfer.Ready}</td><td>successor to owner, data</td></tr>
 * <tr><td>0x0422</td><td>{@link io.ashlar.volume.wire.Transfer.State}</td><td>owner to successor, data</td></tr>
 * <tr><td>0x0423</td><td>{@link io.ashlar.volume.wire.Transfer.Taken}</td><td>successor to owner, data</td></tr>
 * <tr><td>0x0500</td><td>{@link io.ashlar.volume.wire.Ticket}</td><td>node to all, liveness</td></tr>
 * </table>
 *
 * <p>Every body begins with a version byte.
 */
@NullMarked
package io.ashlar.volume.wire;

import org.jspecify.annotations.NullMarked;
