package io.ashlar.systemtests.multipath;

import io.ashlar.systemtests.iscsi.IscsiSession;
import io.ashlar.systemtests.iscsi.ScsiCommand;
import io.ashlar.systemtests.iscsi.ScsiResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;

/** Reads which target port group a session goes to, and the states of all groups. */
public final class TargetPortGroups {
    private static final int DEVICE_IDENTIFICATION = 0x83;
    private static final int DESIGNATOR_TARGET_PORT_GROUP = 5;
    private static final int ALLOCATION_BYTES = 1024;
    private static final int UNKNOWN_GROUP = -1;
    private static final int REPEATS_MAX = 20;
    private static final Duration BUSY_DELAY = Duration.ofMillis(50);

    private TargetPortGroups() {}

    /** The state of every group, by its id; empty when the target knows no such thing. */
    public static Map<Integer, AccessState> report(IscsiSession session, int lun, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        Map<Integer, AccessState> states = new TreeMap<>();
        ScsiResult result =
                attentive(
                        session,
                        ScsiCommand.reportTargetPortGroups(lun, ALLOCATION_BYTES),
                        timeout);
        if (result.senseKey() == ScsiResult.ILLEGAL_REQUEST) {
            return states;
        }
        if (!result.isGood()) {
            throw new IOException("REPORT TARGET PORT GROUPS: " + result);
        }
        ByteBuffer data = ByteBuffer.wrap(result.dataIn());
        int end = Math.min(data.capacity(), 4 + data.getInt(0));
        for (int at = 4; at + 8 <= end; at += 8 + 4 * (data.get(at + 7) & 0xff)) {
            states.put(data.getShort(at + 2) & 0xffff, AccessState.of(data.get(at) & 0xf));
        }
        return states;
    }

    /** The group of the port that this session goes to, by VPD page 83h; -1 if it does not say. */
    public static int groupOf(IscsiSession session, int lun, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        ScsiResult result =
                attentive(
                        session,
                        ScsiCommand.inquiryPage(lun, DEVICE_IDENTIFICATION, ALLOCATION_BYTES),
                        timeout);
        if (!result.isGood()) {
            return UNKNOWN_GROUP;
        }
        ByteBuffer data = ByteBuffer.wrap(result.dataIn());
        int end = Math.min(data.capacity(), 4 + (data.getShort(2) & 0xffff));
        for (int at = 4; at + 8 <= end; at += 4 + (data.get(at + 3) & 0xff)) {
            if ((data.get(at + 1) & 0xf) == DESIGNATOR_TARGET_PORT_GROUP) {
                return data.getShort(at + 6) & 0xffff;
            }
        }
        return UNKNOWN_GROUP;
    }

    /** The state of the session's own path; optimized where the target has no groups. */
    static AccessState ownState(IscsiSession session, int lun, int group, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        Map<Integer, AccessState> states = report(session, lun, timeout);
        return states.isEmpty()
                ? AccessState.OPTIMIZED
                : states.getOrDefault(group, AccessState.OFFLINE);
    }

    /** Executes, and again while the answer is a unit attention or BUSY. */
    public static ScsiResult attentive(IscsiSession session, ScsiCommand command, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        for (int repeats = 0; ; repeats++) {
            ScsiResult result = session.execute(command, timeout);
            boolean busy =
                    result.status() == ScsiResult.BUSY
                            || result.status() == ScsiResult.TASK_SET_FULL;
            boolean goesAway = busy || result.senseKey() == ScsiResult.UNIT_ATTENTION;
            if (!goesAway || repeats == REPEATS_MAX) {
                return result;
            }
            if (busy) {
                Thread.sleep(BUSY_DELAY);
            }
        }
    }
}
