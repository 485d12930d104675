package io.ashlar.volume.wire;

import io.ashlar.common.ProcessId;
import io.netty.buffer.ByteBuf;

/**
 * How new a command is in the numbering of one owner process, as its ingress knows it. It never
 * gets newer: whoever forwards a command sends the stamp that it came with.
 *
 * @param issuer whose ticks these are
 * @param tick the ticket: the newest tick that the ingress held when the command could not yet have
 *     arrived, 0 if none
 * @param provenTick the newest tick that the ingress held when it sent the last ping that the host
 *     has answered on the command's connection, 0 if none
 */
public record Stamp(ProcessId issuer, long tick, long provenTick) {
    void encode(ByteBuf out) {
        VolumeMessages.writeProcess(out, issuer);
        out.writeLong(tick).writeLong(provenTick);
    }

    static Stamp decode(ByteBuf in) {
        return new Stamp(
                VolumeMessages.readProcess(in),
                io.ashlar.common.Wire.readLong(in),
                io.ashlar.common.Wire.readLong(in));
    }
}
