package io.ashlar.simulation.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Everything that was asked and answered, register by register. */
public final class History {
    private final Map<String, List<Operation>> registers = new TreeMap<>();
    private long time;
    private long doneWrites;
    private long doneReads;

    /** The next place in the order of all events. */
    public long tick() {
        return ++time;
    }

    /** The newest place in it. */
    public long now() {
        return time;
    }

    /** A write begins. Values are unique, save zero, which is what a trim writes. */
    public Operation beginWrite(String register, long value, String note) {
        return begin(register, true, value, note);
    }

    public Operation beginRead(String register, String note) {
        return begin(register, false, 0, note);
    }

    private Operation begin(String register, boolean write, long value, String note) {
        Operation operation = new Operation(register, write, value, tick(), note);
        registers.computeIfAbsent(register, _ -> new ArrayList<>()).add(operation);
        return operation;
    }

    public void writeDone(Operation operation) {
        doneWrites++;
        operation.finish(Operation.Outcome.DONE, tick(), null);
    }

    public void readDone(Operation operation, long value) {
        doneReads++;
        operation.finish(Operation.Outcome.DONE, tick(), value);
    }

    /** It may have taken effect, but will not any more. */
    public void decidedUnknown(Operation operation) {
        operation.finish(Operation.Outcome.UNKNOWN, tick(), null);
    }

    /** It must never have taken effect. */
    public void refused(Operation operation) {
        operation.finish(Operation.Outcome.REFUSED, tick(), null);
    }

    /** Whatever of these is undecided may not take effect from here on. */
    public void decideNow(Iterable<Operation> operations) {
        long now = tick();
        for (Operation operation : operations) {
            operation.mustBeDecidedBy(now);
        }
    }

    public Map<String, List<Operation>> registers() {
        return registers;
    }

    public List<Operation> register(String name) {
        return registers.getOrDefault(name, List.of());
    }

    public long doneWrites() {
        return doneWrites;
    }

    public long doneReads() {
        return doneReads;
    }

    /** Checks every register. */
    public void check() {
        registers.forEach(Linearizability::check);
    }
}
