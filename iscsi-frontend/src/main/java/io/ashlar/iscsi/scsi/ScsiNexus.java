package io.ashlar.iscsi.scsi;

import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Notice;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.scsi.CommandTable.Access;
import io.ashlar.iscsi.scsi.CommandTable.Command;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.Reset;
import io.ashlar.volume.VolumeInfo;
import io.ashlar.volume.VolumeService;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The logical units of one I_T nexus: finds unit and command, reports unit attentions, checks the
 * CDB and hands over to the command's handler. Owned by the session's shard.
 */
public final class ScsiNexus {
    /** UADE DEPTH: so many conditions are pending, SAM-5 table 56. */
    private static final int DEPTH_ONE = 0x10;

    private static final int DEPTH_MORE = 0x20;

    private final VolumeService volumes;
    private final String host;
    private final Nexus nexus;
    private final String targetName;
    private final SessionRules rules;
    private final TreeMap<Integer, LogicalUnit> units = new TreeMap<>();
    private final CopyLog copies = new CopyLog();

    /**
     * @param host whose mapping counts
     * @param initiatorPort its initiator port, {@code name,i,0xISID}
     * @param targetName goes into the SCSI name strings
     */
    public ScsiNexus(
            VolumeService volumes,
            String host,
            String initiatorPort,
            String targetName,
            SessionRules rules) {
        this.volumes = volumes;
        this.host = host;
        this.nexus = new Nexus(initiatorPort, volumes.localNode().value());
        this.targetName = targetName;
        this.rules = rules;
        refresh();
    }

    VolumeService volumes() {
        return volumes;
    }

    /** Who this is for reservations. */
    Nexus nexus() {
        return nexus;
    }

    String targetName() {
        return targetName;
    }

    /** Copies by the array that this nexus has asked for. */
    CopyLog copies() {
        return copies;
    }

    /** All units, by number. */
    SortedMap<Integer, LogicalUnit> units() {
        return units;
    }

    /** The volume at a LUN as the initiator sends it; null if there is none. */
    public @Nullable VolumeId volumeAt(long lun) {
        LogicalUnit unit = units.get(Lun.decode(lun));
        return unit == null ? null : unit.volume().id();
    }

    /** Whether errors of a LUN are told in descriptor format (D_SENSE). */
    public boolean hasDescriptorSense(long lun) {
        LogicalUnit unit = units.get(Lun.decode(lun));
        return unit != null && unit.hasDescriptorSense();
    }

    /** Whether commands that others abort end with a status (TAS). */
    public boolean hasTaskAborted(long lun) {
        LogicalUnit unit = units.get(Lun.decode(lun));
        return unit != null && unit.hasTaskAborted();
    }

    /** The volumes of all units. */
    public Set<VolumeId> mapped() {
        Set<VolumeId> mapped = new TreeSet<>();
        units.values().forEach(unit -> mapped.add(unit.volume().id()));
        return mapped;
    }

    /**
     * What a unit has to tell, as Additional Response Information of QUERY ASYNCHRONOUS EVENT
     * (SAM-5 section 7.10): one or more, and the sense key and code of the first; 0 if nothing.
     */
    public int pendingAttention(long lun) {
        LogicalUnit unit = units.get(Lun.decode(lun));
        UnitAttention first = unit == null ? null : unit.firstAttention();
        if (unit == null || first == null) {
            return 0;
        }
        int depth = unit.attentions() == 1 ? DEPTH_ONE : DEPTH_MORE;
        return (depth | first.sense().key()) << 16 | first.sense().code();
    }

    /** Starts a command. */
    public void start(ScsiTask task) {
        byte[] cdb = task.cdb();
        Command command = CommandTable.find(cdb);
        if (command == null) {
            // a service action that is not there is a field of a command that is, SPC-4 section 4.3
            Sense unknown =
                    CommandTable.withOpcode(cdb[0] & 0xFF).length > 0
                            ? Sense.INVALID_FIELD_IN_CDB
                            : Sense.INVALID_OPCODE;
            task.check(units.containsKey(Lun.decode(task.lun())) ? unknown : Sense.NO_SUCH_LUN);
            return;
        }
        if (command.access() == Access.PAST_ATTENTION) {
            // these are rare, and tell of what is mapped
            refresh();
        }
        LogicalUnit unit = units.get(Lun.decode(task.lun()));
        if (unit == null) {
            Inquiries.withoutUnit(this, command, task);
            return;
        }
        if (!command.isOffered(unit)) {
            task.check(Sense.INVALID_OPCODE);
            return;
        }
        if (command.access() == Access.NORMAL) {
            Sense attention = unit.takeAttention();
            if (attention != null && rules.has(Rule.ATTENTION)) {
                task.check(attention);
                return;
            }
        }
        if (!command.accepts(cdb)) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        ReservationConflicts.ifFree(
                command, unit, task, () -> command.handler().run(this, unit, task));
    }

    /** Hands an I/O down; an error ends the task. */
    void submit(ScsiTask task, IoRequest request, Consumer<IoResult.Done> done) {
        task.submit(
                request,
                result -> {
                    switch (result) {
                        case IoResult.Done ok -> done.accept(ok);
                        case IoResult.Miscompared _ -> task.check(Sense.MISCOMPARE);
                        case IoResult.Failed(IoError error) ->
                                ErrorMapping.fail(task, error, task.hasCompany());
                    }
                });
    }

    /** The volume was reset, by another nexus or by this one. */
    public void onVolumeReset(VolumeId volume, Reset reset) {
        raise(
                volume,
                switch (reset) {
                    case LOGICAL_UNIT -> UnitAttention.LOGICAL_UNIT_RESET;
                    case TARGET -> UnitAttention.HARD_RESET;
                    case POWER_ON -> UnitAttention.POWER_ON_OCCURRED;
                });
    }

    /** This nexus was reset. */
    public void onNexusReset() {
        units.values().forEach(unit -> unit.raise(UnitAttention.NEXUS_LOSS));
    }

    /** Another nexus aborted a command of this one, and it ended without a status. */
    public void onCommandsCleared(long lun) {
        LogicalUnit unit = units.get(Lun.decode(lun));
        if (unit != null) {
            unit.raise(UnitAttention.COMMANDS_CLEARED);
        }
    }

    /** Another nexus took something of this one's. */
    public void onReservationsChanged(VolumeId volume, Notice.Kind kind) {
        raise(
                volume,
                switch (kind) {
                    case CLEARED -> UnitAttention.RESERVATIONS_PREEMPTED;
                    case RELEASED -> UnitAttention.RESERVATIONS_RELEASED;
                    case PREEMPTED -> UnitAttention.REGISTRATIONS_PREEMPTED;
                });
    }

    public void onPathsChanged(VolumeId volume) {
        raise(volume, UnitAttention.PATHS_CHANGED);
    }

    public void onCapacityChanged(VolumeId volume) {
        refresh();
        raise(volume, UnitAttention.CAPACITY_CHANGED);
    }

    public void onInquiryChanged(VolumeId volume) {
        refresh();
        raise(volume, UnitAttention.INQUIRY_CHANGED);
    }

    public void onVolumesChanged() {
        refresh();
        for (LogicalUnit unit : units.values()) {
            unit.raise(UnitAttention.LUNS_CHANGED);
        }
    }

    private void raise(VolumeId volume, UnitAttention condition) {
        for (LogicalUnit unit : units.values()) {
            if (unit.volume().id().equals(volume)) {
                unit.raise(condition);
            }
        }
    }

    /** Takes over what is mapped now; units that stay keep their unit attentions. */
    private void refresh() {
        SortedMap<Integer, VolumeInfo> mapped = volumes.volumes(host);
        units.keySet().retainAll(mapped.keySet());
        for (Map.Entry<Integer, VolumeInfo> entry : mapped.entrySet()) {
            LogicalUnit unit = units.get(entry.getKey());
            if (unit != null && unit.volume().id().equals(entry.getValue().id())) {
                unit.update(entry.getValue());
            } else {
                units.put(entry.getKey(), new LogicalUnit(entry.getKey(), entry.getValue()));
            }
        }
    }
}
