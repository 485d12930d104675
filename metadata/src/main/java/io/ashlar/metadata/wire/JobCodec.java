package io.ashlar.metadata.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.GroupSet;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobRecord.State;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.Limits;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Jobs and settings, as parts of commands and of the control state. */
final class JobCodec {
    private static final int JOB_BYTES_MIN = 53;
    private static final int POOL_BITS_BYTES_MIN = 9;

    /** Above what commands allow, so that a bad value is rejected with a message. */
    private static final long AWAY_MILLIS_MAX = Long.MAX_VALUE / 1_000_000;

    private static final int DRAIN = 1;
    private static final int REBUILD = 2;
    private static final int REBALANCE = 3;
    private static final int SCRUB = 4;

    private JobCodec() {}

    static void writeKind(ByteBuf out, JobKind kind) {
        switch (kind) {
            case JobKind.Drain(var node) -> Fields.writeNode(out.writeByte(DRAIN), node);
            case JobKind.Rebuild(var process) ->
                    Fields.writeProcess(out.writeByte(REBUILD), process);
            case JobKind.Rebalance(long layout) -> out.writeByte(REBALANCE).writeLong(layout);
            case JobKind.Scrub(var volume, boolean deep) -> {
                out.writeByte(SCRUB).writeBoolean(volume.isPresent());
                volume.ifPresent(id -> out.writeLong(id.value()));
                out.writeBoolean(deep);
            }
        }
    }

    static JobKind readKind(ByteBuf in) {
        int kind = Wire.readByte(in);
        return switch (kind) {
            case DRAIN -> new JobKind.Drain(Fields.readNode(in));
            case REBUILD -> new JobKind.Rebuild(Fields.readProcess(in));
            case REBALANCE -> new JobKind.Rebalance(Wire.readLong(in));
            case SCRUB ->
                    new JobKind.Scrub(
                            Wire.readBoolean(in)
                                    ? Optional.of(Fields.readVolume(in))
                                    : Optional.empty(),
                            Wire.readBoolean(in));
            default -> throw Fields.unknown("kind of job", kind);
        };
    }

    static void writeStamp(ByteBuf out, JobStamp stamp) {
        Fields.writeNode(out, stamp.node());
        out.writeLong(stamp.millis()).writeBoolean(stamp.byOperator());
    }

    static JobStamp readStamp(ByteBuf in) {
        NodeId node = Fields.readNode(in);
        return new JobStamp(node, Wire.readLong(in), Wire.readBoolean(in));
    }

    static void writeState(ByteBuf out, State state) {
        out.writeByte(
                switch (state) {
                    case RUNNING -> 1;
                    case PAUSED -> 2;
                    case CANCELLED -> 3;
                    case DONE -> 4;
                    case FAILED -> 5;
                });
    }

    static State readState(ByteBuf in) {
        int code = Wire.readByte(in);
        return switch (code) {
            case 1 -> State.RUNNING;
            case 2 -> State.PAUSED;
            case 3 -> State.CANCELLED;
            case 4 -> State.DONE;
            case 5 -> State.FAILED;
            default -> throw Fields.unknown("state of a job", code);
        };
    }

    /** All but explicit ALUA, which older versions do not know. */
    static void writeSettings(ByteBuf out, ClusterSettings settings) {
        out.writeLong(settings.away().toMillis())
                .writeInt(settings.movesPerNodeMax())
                .writeBoolean(settings.rebalances())
                .writeLong(settings.copyBytesPerSecondMin())
                .writeLong(settings.copyBytesPerSecondMax());
    }

    static ClusterSettings readSettings(ByteBuf in) {
        long awayMillis = Wire.readLong(in);
        if (awayMillis < 0 || awayMillis > AWAY_MILLIS_MAX) {
            throw new WireFormatException("away for " + awayMillis + " ms");
        }
        return new ClusterSettings(
                Duration.ofMillis(awayMillis),
                Wire.readInt(in),
                Wire.readBoolean(in),
                Wire.readLong(in),
                Wire.readLong(in));
    }

    static void writeBoard(ByteBuf out, JobBoard jobs) {
        out.writeLong(jobs.nextId()).writeInt(jobs.all().size());
        jobs.all().values().forEach(job -> writeJob(out, job));
    }

    static JobBoard readBoard(ByteBuf in) {
        long nextId = Wire.readLong(in);
        TreeMap<Long, JobRecord> jobs = new TreeMap<>();
        int jobsMax = Limits.JOBS_OPEN_MAX + Limits.JOBS_ENDED_MAX;
        for (int i = Wire.readCount(in, jobsMax, JOB_BYTES_MIN); i > 0; i--) {
            JobRecord job = readJob(in);
            if (job.id() < 1 || job.id() >= nextId || jobs.put(job.id(), job) != null) {
                throw new WireFormatException("job " + job.id() + ", next " + nextId);
            }
        }
        if (nextId < 1) {
            throw new WireFormatException("next job " + nextId);
        }
        return new JobBoard(nextId, jobs);
    }

    private static void writeJob(ByteBuf out, JobRecord job) {
        out.writeLong(job.id());
        writeKind(out, job.kind());
        writeState(out, job.state());
        Fields.writeText(out, job.note());
        out.writeLong(job.done()).writeLong(job.total()).writeInt(job.left().poolCount());
        job.left()
                .forEachPool((pool, bits) -> {
                    out.writeInt(pool).writeInt(bits.length).writeBytes(bits);
                });
        writeStamp(out, job.started());
        JobStamp ended = job.ended();
        if (ended != null) {
            writeStamp(out, ended);
        }
        out.writeLong(job.index());
    }

    private static JobRecord readJob(ByteBuf in) {
        long id = Wire.readLong(in);
        JobKind kind = readKind(in);
        State state = readState(in);
        String note = Fields.readText(in);
        long done = Wire.readLong(in);
        long total = Wire.readLong(in);
        List<Map.Entry<Integer, byte[]>> pools = new ArrayList<>();
        for (int i = Wire.readCount(in, Limits.POOLS_MAX, POOL_BITS_BYTES_MIN); i > 0; i--) {
            int pool = Wire.readInt(in);
            byte[] bits = new byte[Wire.readCount(in, Limits.GROUPS_PER_POOL_MAX / 8, 1)];
            in.readBytes(bits);
            pools.add(Map.entry(pool, bits));
        }
        GroupSet left = GroupSet.ofPools(pools);
        if (left == null) {
            throw new WireFormatException("job " + id + " with groups that cannot be");
        }
        JobStamp started = readStamp(in);
        JobStamp ended = state.isOpen() ? null : readStamp(in);
        return new JobRecord(
                id, kind, state, note, done, total, left, started, ended, Wire.readLong(in));
    }
}
