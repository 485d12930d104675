package io.ashlar.iscsi.session;

import io.ashlar.common.Check;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.pdu.SerialNumber;
import org.jspecify.annotations.Nullable;

/**
 * CmdSN, ExpCmdSN and MaxCmdSN, RFC 7143 section 4.2.2.1: commands are delivered in the order of
 * their CmdSN; those that come early wait here, those outside of the window are ignored. MaxCmdSN
 * goes up by one with each command that ends, so that never more than the window are in progress.
 */
final class CommandWindow {
    private final int size;
    private final @Nullable Runnable[] early;
    private final SessionRules rules;

    /** Next CmdSN to be delivered. */
    private int expected;

    private int max;

    /**
     * @param size a power of two, so that slots stay apart where the numbers wrap
     */
    CommandWindow(int size, int firstCmdSn, SessionRules rules) {
        Check.argument(Integer.bitCount(size) == 1, "command window of %s", size);
        this.size = size;
        this.rules = rules;
        this.early = new Runnable[size];
        this.expected = firstCmdSn;
        this.max = firstCmdSn + size - 1;
    }

    int expCmdSn() {
        return expected;
    }

    int maxCmdSn() {
        return max;
    }

    /** Whether a command with this number is to be taken: inside of the window and not here yet. */
    boolean accepts(int cmdSn) {
        return isExecutedAgain(cmdSn)
                || (SerialNumber.isWithin(cmdSn, expected, max) && early[slot(cmdSn)] == null);
    }

    private boolean isExecutedAgain(int cmdSn) {
        return !rules.has(Rule.CMD_SN) && SerialNumber.isBefore(cmdSn, expected);
    }

    /** Delivers an accepted command, now or in its turn. */
    void deliver(int cmdSn, Runnable command) {
        if (isExecutedAgain(cmdSn)) {
            command.run();
            return;
        }
        if (cmdSn != expected) {
            early[slot(cmdSn)] = command;
            return;
        }
        expected++;
        command.run();
        deliverEarly();
    }

    /** Takes a number as received whose command will not come: ABORT TASK, section 11.5.5. */
    void consider(int cmdSn) {
        if (accepts(cmdSn)) {
            deliver(cmdSn, this::finished);
        }
    }

    /** A command that has used up a CmdSN has ended. */
    void finished() {
        max++;
    }

    private void deliverEarly() {
        Runnable next = early[slot(expected)];
        while (next != null) {
            early[slot(expected)] = null;
            expected++;
            next.run();
            next = early[slot(expected)];
        }
    }

    private int slot(int cmdSn) {
        return cmdSn & size - 1;
    }
}
