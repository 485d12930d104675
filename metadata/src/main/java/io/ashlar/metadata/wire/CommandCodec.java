package io.ashlar.metadata.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Wire;
import io.ashlar.common.reservation.ReservationCodec;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.ChangeJob.Wish;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.Limits;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Commands, as one byte of kind and the fields in the order of the record. Part of the body of
 * {@link EntryCodec}, whose version covers it.
 */
final class CommandCodec {
    private static final int INITIALIZE_CLUSTER = 1;
    private static final int REGISTER_NODE = 2;
    private static final int SET_ADMIN_STATE = 3;
    private static final int CREATE_POOL = 4;
    private static final int RECONFIGURE_GROUP = 5;
    private static final int RETARGET_GROUP = 6;
    private static final int CREATE_VOLUME = 7;
    private static final int DELETE_VOLUME = 8;
    private static final int TAKE_OWNERSHIP = 9;
    private static final int CREATE_HOST = 10;
    private static final int DELETE_HOST = 11;
    private static final int MAP_VOLUME = 12;
    private static final int UNMAP_VOLUME = 13;
    private static final int REMOVE_NODE = 14;
    private static final int MOVE_OWNERSHIP = 15;
    private static final int START_JOB = 16;
    private static final int CHANGE_JOB = 17;
    private static final int ADVANCE_JOB = 18;
    private static final int REPORT_SCRUBBED = 19;
    private static final int CHANGE_SETTINGS = 20;
    private static final int SET_NODE = 24;
    private static final int REPLACE_NODE = 25;

    /** The same with explicit ALUA on one side or both, which older versions do not know. */
    private static final int CHANGE_SETTINGS_AND_ALUA = 26;

    private static final int GROW_VOLUME = 28;
    private static final int SET_CHAP = 30;
    private static final int CHANGE_RESERVATIONS = 31;
    private static final int CREATE_HOST_GROUP = 32;
    private static final int DELETE_HOST_GROUP = 33;
    private static final int JOIN_HOST_GROUP = 34;
    private static final int LEAVE_HOST_GROUP = 35;
    private static final int MAP_VOLUME_TO_GROUP = 36;
    private static final int UNMAP_VOLUME_FROM_GROUP = 37;

    private static final int PAUSE = 1;
    private static final int RESUME = 2;
    private static final int CANCEL = 3;

    private static final int REMOVE = 1;
    private static final int ADD = 2;
    private static final int PETITION = 3;
    private static final int LEAD = 4;
    private static final int HAND_OVER = 5;

    private static final int PLACEMENT_BYTES_MIN = 6;

    private CommandCodec() {}

    static void write(ByteBuf out, Command command) {
        switch (command) {
            case Command.InitializeCluster(var id) ->
                    Wire.writeUuid(out.writeByte(INITIALIZE_CLUSTER), id);
            case Command.RegisterNode(var node) ->
                    Fields.writeNodeRecord(out.writeByte(REGISTER_NODE), node);
            case Command.SetAdminState(var node, var state, var stamp) -> {
                Fields.writeNode(out.writeByte(SET_ADMIN_STATE), node);
                Fields.writeAdminState(out, state);
                JobCodec.writeStamp(out, stamp);
            }
            case Command.StartJob(var jobKind, var stamp) -> {
                JobCodec.writeKind(out.writeByte(START_JOB), jobKind);
                JobCodec.writeStamp(out, stamp);
            }
            case Command.ChangeJob(long job, var wish, var stamp) -> {
                out.writeByte(CHANGE_JOB).writeLong(job).writeByte(code(wish));
                JobCodec.writeStamp(out, stamp);
            }
            case Command.AdvanceJob c -> {
                out.writeByte(ADVANCE_JOB).writeLong(c.job()).writeLong(c.expectedIndex());
                JobCodec.writeState(out, c.state());
                out.writeLong(c.done()).writeLong(c.total());
                Fields.writeText(out, c.note());
                JobCodec.writeStamp(out, c.stamp());
            }
            case Command.ReportScrubbed(long job, var pg) ->
                    Fields.writePg(out.writeByte(REPORT_SCRUBBED).writeLong(job), pg);
            case Command.ChangeSettings(var expected, var wanted) -> {
                boolean isOfAlua = expected.explicitAlua() || wanted.explicitAlua();
                out.writeByte(isOfAlua ? CHANGE_SETTINGS_AND_ALUA : CHANGE_SETTINGS);
                JobCodec.writeSettings(out, expected);
                JobCodec.writeSettings(out, wanted);
                if (isOfAlua) {
                    out.writeBoolean(expected.explicitAlua()).writeBoolean(wanted.explicitAlua());
                }
            }
            case Command.CreatePool(var name, int replicas, int inSyncMin, var groups) -> {
                Fields.writeText(out.writeByte(CREATE_POOL), name);
                out.writeInt(replicas).writeInt(inSyncMin).writeInt(groups.size());
                groups.forEach(group -> writePlacement(out, group));
            }
            case Command.ReconfigureGroup(var pg, long epoch, var proposer, var change) -> {
                Fields.writePg(out.writeByte(RECONFIGURE_GROUP), pg);
                out.writeLong(epoch);
                Fields.writeProcess(out, proposer);
                writeChange(out, change);
            }
            case Command.RetargetGroup(var pg, var expected, var wanted) -> {
                Fields.writePg(out.writeByte(RETARGET_GROUP), pg);
                writePlacement(out, expected);
                writePlacement(out, wanted);
            }
            case Command.SetNode(var node, var weight, var domain) -> {
                Fields.writeNode(out.writeByte(SET_NODE), node);
                out.writeBoolean(weight.isPresent());
                weight.ifPresent(out::writeInt);
                out.writeBoolean(domain.isPresent());
                domain.ifPresent(label -> Fields.writeText(out, label));
            }
            case Command.ReplaceNode(var node, var heir, var stamp) -> {
                Fields.writeNode(out.writeByte(REPLACE_NODE), node);
                Fields.writeNode(out, heir);
                JobCodec.writeStamp(out, stamp);
            }
            case Command.RemoveNode(var node) -> Fields.writeNode(out.writeByte(REMOVE_NODE), node);
            case Command.CreateVolume c -> {
                Fields.writeText(out.writeByte(CREATE_VOLUME), c.name());
                Fields.writeText(out, c.pool());
                out.writeLong(c.bytes()).writeInt(c.chunkBytes()).writeInt(c.logicalBlockBytes());
                out.writeInt(c.base());
                Fields.writeProcess(out, c.owner());
                out.writeInt(c.anyHostLun());
            }
            case Command.DeleteVolume(var volume, long epoch) ->
                    out.writeByte(DELETE_VOLUME).writeLong(volume.value()).writeLong(epoch);
            case Command.GrowVolume(var volume, long expected, long bytes) ->
                    out.writeByte(GROW_VOLUME)
                            .writeLong(volume.value())
                            .writeLong(expected)
                            .writeLong(bytes);
            case Command.TakeOwnership(var volume, long epoch, var owner) -> {
                out.writeByte(TAKE_OWNERSHIP).writeLong(volume.value()).writeLong(epoch);
                Fields.writeProcess(out, owner);
            }
            case Command.MoveOwnership(var volume, long epoch, var owner) -> {
                out.writeByte(MOVE_OWNERSHIP).writeLong(volume.value()).writeLong(epoch);
                Fields.writeProcess(out, owner);
            }
            case Command.ChangeReservations(var volume, long epoch, var change) -> {
                out.writeByte(CHANGE_RESERVATIONS).writeLong(volume.value()).writeLong(epoch);
                ReservationCodec.writeChange(out, change);
            }
            case Command.CreateHost(var host) -> Fields.writeText(out.writeByte(CREATE_HOST), host);
            case Command.SetChap(var host, var chap) -> {
                Fields.writeText(out.writeByte(SET_CHAP), host);
                Fields.writeChap(out, chap);
            }
            case Command.DeleteHost(var host) -> Fields.writeText(out.writeByte(DELETE_HOST), host);
            case Command.MapVolume(var mapping) ->
                    Fields.writeMapping(out.writeByte(MAP_VOLUME), mapping);
            case Command.UnmapVolume(var host, var volume) -> {
                Fields.writeText(out.writeByte(UNMAP_VOLUME), host);
                out.writeLong(volume.value());
            }
            case Command.CreateHostGroup(var group) ->
                    Fields.writeText(out.writeByte(CREATE_HOST_GROUP), group);
            case Command.DeleteHostGroup(var group) ->
                    Fields.writeText(out.writeByte(DELETE_HOST_GROUP), group);
            case Command.JoinHostGroup(var group, var host) -> {
                Fields.writeText(out.writeByte(JOIN_HOST_GROUP), group);
                Fields.writeText(out, host);
            }
            case Command.LeaveHostGroup(var group, var host) -> {
                Fields.writeText(out.writeByte(LEAVE_HOST_GROUP), group);
                Fields.writeText(out, host);
            }
            case Command.MapVolumeToGroup(var group, var volume, int lun) -> {
                Fields.writeText(out.writeByte(MAP_VOLUME_TO_GROUP), group);
                out.writeLong(volume.value()).writeInt(lun);
            }
            case Command.UnmapVolumeFromGroup(var group, var volume) -> {
                Fields.writeText(out.writeByte(UNMAP_VOLUME_FROM_GROUP), group);
                out.writeLong(volume.value());
            }
        }
    }

    static Command read(ByteBuf in) {
        int kind = Wire.readByte(in);
        return switch (kind) {
            case INITIALIZE_CLUSTER -> new Command.InitializeCluster(Wire.readUuid(in));
            case REGISTER_NODE -> new Command.RegisterNode(Fields.readNodeRecord(in));
            case SET_ADMIN_STATE ->
                    new Command.SetAdminState(
                            Fields.readNode(in), Fields.readAdminState(in), JobCodec.readStamp(in));
            case START_JOB -> new Command.StartJob(JobCodec.readKind(in), JobCodec.readStamp(in));
            case CHANGE_JOB ->
                    new Command.ChangeJob(Wire.readLong(in), readWish(in), JobCodec.readStamp(in));
            case ADVANCE_JOB ->
                    new Command.AdvanceJob(
                            Wire.readLong(in),
                            Wire.readLong(in),
                            JobCodec.readState(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Fields.readText(in),
                            JobCodec.readStamp(in));
            case REPORT_SCRUBBED ->
                    new Command.ReportScrubbed(Wire.readLong(in), Fields.readPg(in));
            case CHANGE_SETTINGS ->
                    new Command.ChangeSettings(
                            JobCodec.readSettings(in), JobCodec.readSettings(in));
            case CHANGE_SETTINGS_AND_ALUA -> {
                ClusterSettings expected = JobCodec.readSettings(in);
                ClusterSettings wanted = JobCodec.readSettings(in);
                yield new Command.ChangeSettings(
                        expected.withExplicitAlua(Wire.readBoolean(in)),
                        wanted.withExplicitAlua(Wire.readBoolean(in)));
            }
            case CREATE_POOL -> readCreatePool(in);
            case RECONFIGURE_GROUP -> {
                PgId pg = Fields.readPg(in);
                long epoch = Wire.readLong(in);
                ProcessId proposer = Fields.readProcess(in);
                yield new Command.ReconfigureGroup(pg, epoch, proposer, readChange(in));
            }
            case RETARGET_GROUP ->
                    new Command.RetargetGroup(
                            Fields.readPg(in), readPlacement(in), readPlacement(in));
            case SET_NODE -> {
                NodeId node = Fields.readNode(in);
                OptionalInt weight =
                        Wire.readBoolean(in)
                                ? OptionalInt.of(Wire.readInt(in))
                                : OptionalInt.empty();
                Optional<String> domain =
                        Wire.readBoolean(in) ? Optional.of(Fields.readText(in)) : Optional.empty();
                yield new Command.SetNode(node, weight, domain);
            }
            case REPLACE_NODE ->
                    new Command.ReplaceNode(
                            Fields.readNode(in), Fields.readNode(in), JobCodec.readStamp(in));
            case REMOVE_NODE -> new Command.RemoveNode(Fields.readNode(in));
            case CREATE_VOLUME ->
                    new Command.CreateVolume(
                            Fields.readText(in),
                            Fields.readText(in),
                            Wire.readLong(in),
                            Wire.readInt(in),
                            Wire.readInt(in),
                            Wire.readInt(in),
                            Fields.readProcess(in),
                            Wire.readInt(in));
            case DELETE_VOLUME ->
                    new Command.DeleteVolume(Fields.readVolume(in), Wire.readLong(in));
            case GROW_VOLUME ->
                    new Command.GrowVolume(
                            Fields.readVolume(in), Wire.readLong(in), Wire.readLong(in));
            case TAKE_OWNERSHIP ->
                    new Command.TakeOwnership(
                            Fields.readVolume(in), Wire.readLong(in), Fields.readProcess(in));
            case MOVE_OWNERSHIP ->
                    new Command.MoveOwnership(
                            Fields.readVolume(in), Wire.readLong(in), Fields.readProcess(in));
            case CHANGE_RESERVATIONS ->
                    new Command.ChangeReservations(
                            Fields.readVolume(in),
                            Wire.readLong(in),
                            ReservationCodec.readChange(in));
            case CREATE_HOST -> new Command.CreateHost(Fields.readText(in));
            case SET_CHAP -> new Command.SetChap(Fields.readText(in), Fields.readChap(in));
            case DELETE_HOST -> new Command.DeleteHost(Fields.readText(in));
            case MAP_VOLUME -> new Command.MapVolume(Fields.readMapping(in));
            case UNMAP_VOLUME ->
                    new Command.UnmapVolume(Fields.readText(in), Fields.readVolume(in));
            case CREATE_HOST_GROUP -> new Command.CreateHostGroup(Fields.readText(in));
            case DELETE_HOST_GROUP -> new Command.DeleteHostGroup(Fields.readText(in));
            case JOIN_HOST_GROUP ->
                    new Command.JoinHostGroup(Fields.readText(in), Fields.readText(in));
            case LEAVE_HOST_GROUP ->
                    new Command.LeaveHostGroup(Fields.readText(in), Fields.readText(in));
            case MAP_VOLUME_TO_GROUP ->
                    new Command.MapVolumeToGroup(
                            Fields.readText(in), Fields.readVolume(in), Wire.readInt(in));
            case UNMAP_VOLUME_FROM_GROUP ->
                    new Command.UnmapVolumeFromGroup(Fields.readText(in), Fields.readVolume(in));
            default -> throw Fields.unknown("command kind", kind);
        };
    }

    private static int code(Wish wish) {
        return switch (wish) {
            case PAUSE -> PAUSE;
            case RESUME -> RESUME;
            case CANCEL -> CANCEL;
        };
    }

    private static Wish readWish(ByteBuf in) {
        int code = Wire.readByte(in);
        return switch (code) {
            case PAUSE -> Wish.PAUSE;
            case RESUME -> Wish.RESUME;
            case CANCEL -> Wish.CANCEL;
            default -> throw Fields.unknown("wish of a job", code);
        };
    }

    private static Command readCreatePool(ByteBuf in) {
        String name = Fields.readText(in);
        int replicas = Wire.readInt(in);
        int inSyncMin = Wire.readInt(in);
        int count = Wire.readCount(in, Limits.GROUPS_PER_POOL_MAX, PLACEMENT_BYTES_MIN);
        List<Placement> groups = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            groups.add(readPlacement(in));
        }
        return new Command.CreatePool(name, replicas, inSyncMin, groups);
    }

    private static void writePlacement(ByteBuf out, Placement placement) {
        Fields.writeNode(out, placement.primary());
        Fields.writeNodes(out, placement.targets());
    }

    private static Placement readPlacement(ByteBuf in) {
        NodeId primary = Fields.readNode(in);
        return new Placement(primary, Fields.readNodes(in));
    }

    private static void writeChange(ByteBuf out, Change change) {
        switch (change) {
            case Change.Remove(var nodes) -> Fields.writeNodes(out.writeByte(REMOVE), nodes);
            case Change.Add(var member, long targetsIndex) -> {
                Fields.writeMember(out.writeByte(ADD), member);
                out.writeLong(targetsIndex);
            }
            case Change.HandOver(var to) -> Fields.writeNode(out.writeByte(HAND_OVER), to);
            case Change.Petition() -> out.writeByte(PETITION);
            case Change.Lead() -> out.writeByte(LEAD);
        }
    }

    private static Change readChange(ByteBuf in) {
        int kind = Wire.readByte(in);
        return switch (kind) {
            case REMOVE -> new Change.Remove(Fields.readNodes(in));
            case ADD -> new Change.Add(Fields.readMember(in), Wire.readLong(in));
            case HAND_OVER -> new Change.HandOver(Fields.readNode(in));
            case PETITION -> new Change.Petition();
            case LEAD -> new Change.Lead();
            default -> throw Fields.unknown("change of a group, kind", kind);
        };
    }
}
