package io.ashlar.volume.wire;

import io.ashlar.common.ProcessId;
import io.ashlar.common.Wire;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * What an owner knows at the moment when it has drained and admits nothing more, so that its
 * successor can judge its tickets by the very same rules (DESIGN section 6, rules 3, 4 and 7). All
 * ticks are the sender's.
 *
 * @param servedAt tickets up to this one are of before the sender served
 * @param resetAt tickets up to this one are of before the last reset
 * @param floorAt newest mark of hosts that are not listed
 * @param ages when ticks were issued, by their age at this moment, oldest first
 * @param hosts what hosts were last admitted or aborted at, and by which ingress
 * @param dwellNanos how long the volume should stay at the new owner before it moves by itself
 */
public record HandOver(
        long servedAt,
        long resetAt,
        long floorAt,
        List<Age> ages,
        List<HostMarks> hosts,
        long dwellNanos) {
    /** Hosts in one message; what is more becomes part of the floor, which is stricter. */
    public static final int HOSTS_MAX = 2_048;

    /** As many as an owner keeps of its own. */
    public static final int AGES_MAX = 128;

    private static final int AGE_BYTES = 16;
    private static final int HOST_BYTES_MIN = 28;

    public HandOver {
        ages = List.copyOf(ages);
        hosts = List.copyOf(hosts);
    }

    /**
     * When a tick was issued.
     *
     * @param nanos how long ago that was
     */
    public record Age(long tick, long nanos) {}

    /**
     * The newest mark of a host, and the newest of any other ingress: all that the rule for a
     * change of ingress asks for.
     *
     * @param ingress of the newest mark
     */
    public record HostMarks(String host, ProcessId ingress, long newest, long newestOfOthers) {
        /** The newest mark of any other ingress than this one. */
        public long ofOthers(ProcessId other) {
            return ingress.equals(other) ? newestOfOthers : newest;
        }
    }

    void encode(ByteBuf out) {
        out.writeLong(servedAt).writeLong(resetAt).writeLong(floorAt).writeLong(dwellNanos);
        out.writeInt(ages.size());
        for (Age age : ages) {
            out.writeLong(age.tick).writeLong(age.nanos);
        }
        out.writeInt(hosts.size());
        for (HostMarks host : hosts) {
            Wire.writeString(out, host.host);
            VolumeMessages.writeProcess(out, host.ingress);
            out.writeLong(host.newest).writeLong(host.newestOfOthers);
        }
    }

    static HandOver decode(ByteBuf in) {
        long servedAt = Wire.readLong(in);
        long resetAt = Wire.readLong(in);
        long floorAt = Wire.readLong(in);
        long dwellNanos = Wire.readLong(in);
        List<Age> ages = new ArrayList<>();
        for (int i = Wire.readCount(in, AGES_MAX, AGE_BYTES); i > 0; i--) {
            ages.add(new Age(Wire.readLong(in), Wire.readLong(in)));
        }
        List<HostMarks> hosts = new ArrayList<>();
        for (int i = Wire.readCount(in, HOSTS_MAX, HOST_BYTES_MIN); i > 0; i--) {
            hosts.add(
                    new HostMarks(
                            Wire.readString(in, ToOwner.HOST_BYTES_MAX),
                            VolumeMessages.readProcess(in),
                            Wire.readLong(in),
                            Wire.readLong(in)));
        }
        return new HandOver(servedAt, resetAt, floorAt, ages, hosts, dwellNanos);
    }
}
