package io.ashlar.iscsi.scsi;

import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.volume.IoRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * PERSISTENT RESERVE OUT, SPC-4 section 6.16. What is stored always survives loss of power, so
 * APTPL changes nothing. The volume's owner decides; here is only looked at what makes no sense by
 * itself.
 */
final class ReserveOut {
    private static final int LIST_BYTES = 24;
    private static final int SCOPE_MASK = 0xF0;
    private static final int SPEC_I_PT = 0x08;
    private static final int ALL_TG_PT = 0x04;
    private static final int UNREG = 0x02;

    /** Longer lists are refused: so many TransportIDs are no command's. */
    private static final int LIST_BYTES_MAX = 32 * 1024;

    private ReserveOut() {}

    static void register(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receive(nexus, unit, task, list -> registration(nexus, task, list, false));
    }

    static void registerAndIgnore(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receive(nexus, unit, task, list -> registration(nexus, task, list, true));
    }

    static void reserve(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receivePlain(
                nexus,
                unit,
                task,
                list -> new ReservationChange.Reserve(nexus.nexus(), key(list), type(task)));
    }

    static void release(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receivePlain(
                nexus,
                unit,
                task,
                list -> new ReservationChange.Release(nexus.nexus(), key(list), type(task)));
    }

    static void clear(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receivePlain(
                nexus, unit, task, list -> new ReservationChange.Clear(nexus.nexus(), key(list)));
    }

    static void preempt(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        preempt(nexus, unit, task, false);
    }

    static void preemptAndAbort(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        preempt(nexus, unit, task, true);
    }

    private static void preempt(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, boolean isAborting) {
        receivePlain(
                nexus,
                unit,
                task,
                list ->
                        new ReservationChange.Preempt(
                                nexus.nexus(), key(list), newKey(list), type(task), isAborting));
    }

    static void registerAndMove(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receive(nexus, unit, task, list -> move(nexus, task, list));
    }

    /** For service actions that evaluate scope and type, SPC-4 section 6.15.3.3 and 6.15.3.4. */
    static void typed(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, CommandTable.Handler handler) {
        if ((task.cdb()[2] & SCOPE_MASK) != 0 || typeOrNull(task) == null) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
        } else {
            handler.run(nexus, unit, task);
        }
    }

    // ---- the parameter list

    /** Gets the list, makes a change of it, and has it done; no change means the task has ended. */
    private static void receive(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            Function<byte[], @Nullable ReservationChange> parse) {
        long length = Cdb.u32(task.cdb(), 5);
        if (length < LIST_BYTES || length > LIST_BYTES_MAX) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        task.receive(
                (int) length,
                () -> {
                    byte[] list = task.received().toByteArray();
                    if (list.length < length) {
                        task.check(Sense.PARAMETER_LIST_LENGTH);
                        return;
                    }
                    ReservationChange change = parse.apply(list);
                    if (change != null) {
                        nexus.submit(
                                task,
                                new IoRequest.ChangeReservations(unit.volume().id(), change),
                                _ -> task.good());
                    }
                });
    }

    /** The same for a list that names no ports. */
    private static void receivePlain(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            Function<byte[], ReservationChange> parse) {
        if (Cdb.u32(task.cdb(), 5) != LIST_BYTES) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        receive(
                nexus,
                unit,
                task,
                list -> {
                    if ((list[20] & (SPEC_I_PT | ALL_TG_PT)) != 0) {
                        task.check(Sense.INVALID_FIELD_IN_LIST);
                        return null;
                    }
                    return parse.apply(list);
                });
    }

    private static @Nullable ReservationChange registration(
            ScsiNexus nexus, ScsiTask task, byte[] list, boolean isIgnoring) {
        boolean hasOthers = (list[20] & SPEC_I_PT) != 0;
        if (!hasOthers && list.length != LIST_BYTES) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return null;
        }
        if (hasOthers && isIgnoring) {
            task.check(Sense.INVALID_FIELD_IN_LIST);
            return null;
        }
        List<String> others = new ArrayList<>();
        if (hasOthers && !addPorts(task, list, others)) {
            return null;
        }
        return new ReservationChange.Register(
                nexus.nexus(),
                isIgnoring,
                key(list),
                newKey(list),
                (list[20] & ALL_TG_PT) != 0,
                others);
    }

    /** Whether all of them could be read; if not, the task has ended. */
    private static boolean addPorts(ScsiTask task, byte[] list, List<String> others) {
        int at = LIST_BYTES + 4;
        if (list.length < at || Cdb.u32(list, LIST_BYTES) != list.length - at) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return false;
        }
        while (at < list.length) {
            int bytes = TransportIds.bytesAt(list, at, list.length);
            String port = bytes == 0 ? null : TransportIds.decode(list, at, bytes);
            if (port == null || others.size() == ReservationChange.Register.OTHERS_MAX) {
                task.check(Sense.INVALID_FIELD_IN_LIST);
                return false;
            }
            others.add(port);
            at += bytes;
        }
        return true;
    }

    private static @Nullable ReservationChange move(ScsiNexus nexus, ScsiTask task, byte[] list) {
        int bytes = TransportIds.bytesAt(list, LIST_BYTES, list.length);
        if (Cdb.u32(list, 20) != list.length - LIST_BYTES) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return null;
        }
        String port = bytes == 0 ? null : TransportIds.decode(list, LIST_BYTES, bytes);
        if (port == null || bytes != list.length - LIST_BYTES) {
            task.check(Sense.INVALID_FIELD_IN_LIST);
            return null;
        }
        return new ReservationChange.Move(
                nexus.nexus(),
                key(list),
                newKey(list),
                new Nexus(port, Cdb.u16(list, 18)),
                (list[17] & UNREG) != 0);
    }

    private static long key(byte[] list) {
        return Cdb.i64(list, 0);
    }

    private static long newKey(byte[] list) {
        return Cdb.i64(list, 8);
    }

    private static ReservationType type(ScsiTask task) {
        ReservationType type = typeOrNull(task);
        if (type == null) {
            throw new IllegalStateException("the type was not looked at");
        }
        return type;
    }

    private static @Nullable ReservationType typeOrNull(ScsiTask task) {
        int code = task.cdb()[2] & 0x0F;
        for (ReservationType type : ReservationType.values()) {
            if (type.scsi() == code) {
                return type;
            }
        }
        return null;
    }
}
