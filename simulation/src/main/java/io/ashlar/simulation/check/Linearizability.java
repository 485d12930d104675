package io.ashlar.simulation.check;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether the history of one register is linearizable. Where every value is written once, the zones
 * of Gibbons and Korach (Testing Shared Memories, 1997) decide it in {@code n log n}; where zeros
 * are written again and again by trims, a search after Wing and Gong, with memory, does.
 */
public final class Linearizability {
    /** A written value and all that must hold while it is the register's. */
    private static final class Zone {
        final long value;
        final Operation any;
        long firstEnd = Long.MAX_VALUE;
        long lastBegin = Long.MIN_VALUE;

        Zone(long value, Operation any) {
            this.value = value;
            this.any = any;
        }

        void include(Operation operation) {
            firstEnd = Math.min(firstEnd, operation.end());
            lastBegin = Math.max(lastBegin, operation.begin());
        }

        boolean isForward() {
            return firstEnd < lastBegin;
        }

        long low() {
            return Math.min(firstEnd, lastBegin);
        }

        long high() {
            return Math.max(firstEnd, lastBegin);
        }
    }

    /** A history that takes more is not decided but reported: see {@link #isLinearizable}. */
    private static final int STATES_MAX = 2_000_000;

    private Linearizability() {}

    /** Throws a {@link Violation} that names the operations at fault. */
    public static void check(String register, List<Operation> operations) {
        Map<Long, Operation> writes = new HashMap<>();
        boolean unique = true;
        for (Operation operation : operations) {
            if (operation.isWrite()) {
                unique &= operation.value() != 0;
                unique &= writes.put(operation.value(), operation) == null;
            }
        }
        for (Operation operation : operations) {
            if (operation.isWrite()
                    || operation.outcome() != Operation.Outcome.DONE
                    || operation.value() == 0) {
                continue;
            }
            Operation write = writes.get(operation.value());
            if (write == null) {
                throw violation(register, "nobody wrote what was read", operation, null);
            }
            if (write.outcome() == Operation.Outcome.REFUSED) {
                throw violation(register, "a refused write was read", operation, write);
            }
            if (operation.end() < write.begin()) {
                throw violation(register, "read before it was written", operation, write);
            }
        }
        if (unique) {
            checkZones(register, operations);
        } else if (!isLinearizable(relevant(operations))) {
            throw new Violation("R1/R5", register + " is not linearizable:\n" + text(operations));
        }
    }

    /** Operations that matter: all that were answered, and writes of unknown outcome. */
    static List<Operation> relevant(List<Operation> operations) {
        Set<Long> seen = new HashSet<>();
        for (Operation operation : operations) {
            if (!operation.isWrite() && operation.outcome() == Operation.Outcome.DONE) {
                seen.add(operation.value());
            }
        }
        List<Operation> relevant = new ArrayList<>();
        for (Operation operation : operations) {
            boolean matters =
                    switch (operation.outcome()) {
                        case DONE -> true;
                        case UNKNOWN -> operation.isWrite() && seen.contains(operation.value());
                        case REFUSED -> false;
                    };
            if (matters) {
                relevant.add(operation);
            }
        }
        return relevant;
    }

    private static void checkZones(String register, List<Operation> operations) {
        Map<Long, Zone> zones = new HashMap<>();
        for (Operation operation : relevant(operations)) {
            Zone zone =
                    zones.computeIfAbsent(operation.value(), value -> new Zone(value, operation));
            zone.include(operation);
            if (operation.value() == 0) {
                zone.firstEnd = 0; // what was there before the first event
            }
        }
        List<Zone> forward = new ArrayList<>();
        for (Zone zone : zones.values()) {
            if (zone.isForward()) {
                forward.add(zone);
            }
        }
        forward.sort(Comparator.comparingLong(Zone::low).thenComparingLong(zone -> zone.value));
        Zone widest = null;
        for (Zone zone : forward) {
            if (widest != null && zone.low() < widest.high()) {
                throw clash(register, operations, widest, zone);
            }
            widest = zone;
        }
        for (Zone zone : zones.values()) {
            if (!zone.isForward()) {
                for (Zone around : forward) {
                    if (around.low() < zone.low() && zone.high() < around.high()) {
                        throw clash(register, operations, around, zone);
                    }
                }
            }
        }
    }

    private static Violation clash(
            String register, List<Operation> operations, Zone one, Zone other) {
        long from = Math.min(one.low(), other.low()) - 60;
        long to = Math.max(one.high(), other.high()) + 60;
        List<Operation> near =
                operations.stream()
                        .filter(o -> o.end() >= from && o.begin() <= to)
                        .filter(o -> o.value() == one.value || o.value() == other.value)
                        .toList();
        return new Violation(
                "R1/R5",
                register
                        + " is not linearizable: value "
                        + one.value
                        + " and value "
                        + other.value
                        + " would have to hold at the same time (lost or stale)\n"
                        + text(near.isEmpty() ? List.of(one.any, other.any) : near));
    }

    private static Violation violation(
            String register, String what, Operation read, @Nullable Operation write) {
        return new Violation(
                "R1/R5",
                register + ": " + what + "\n  " + read + (write == null ? "" : "\n  " + write));
    }

    private static String text(List<Operation> operations) {
        StringBuilder text = new StringBuilder();
        operations.stream()
                .sorted(Comparator.comparingLong(Operation::begin))
                .limit(200)
                .forEach(operation -> text.append("  ").append(operation).append('\n'));
        return text.toString();
    }

    private record State(BitSet taken, long value) {}

    /**
     * Search over all orders; writes of unknown outcome may be left out. Exponential in the number
     * of writes that overlap, linear in the total: a read that fits is taken at once, which never
     * spoils what follows, and of several writes of unknown outcome that write the same, as trims
     * do, only the one that must come first.
     *
     * @throws IllegalStateException if that is still too much: lower the concurrency of the run
     */
    static boolean isLinearizable(List<Operation> unordered) {
        List<Operation> operations = new ArrayList<>(unordered);
        operations.sort(Comparator.comparingLong(Operation::begin));
        BitSet wanted = new BitSet();
        for (int i = 0; i < operations.size(); i++) {
            if (operations.get(i).outcome() == Operation.Outcome.DONE) {
                wanted.set(i);
            }
        }
        Set<State> seen = new HashSet<>();
        List<State> stack = new ArrayList<>();
        stack.add(new State(new BitSet(), 0));
        while (!stack.isEmpty()) {
            State state = stack.removeLast();
            if (!seen.add(state)) {
                continue;
            }
            BitSet left = (BitSet) wanted.clone();
            left.andNot(state.taken);
            if (left.isEmpty()) {
                return true;
            }
            long latestBegin = latestBegin(operations, state.taken);
            long earliestEnd = Long.MAX_VALUE;
            for (int i = left.nextSetBit(0); i >= 0; i = left.nextSetBit(i + 1)) {
                earliestEnd = Math.min(earliestEnd, operations.get(i).end());
            }
            if (seen.size() > STATES_MAX) {
                throw new IllegalStateException(
                        "a history of " + operations.size() + " operations is too tangled");
            }
            List<Integer> next = new ArrayList<>();
            Map<Long, Integer> firstUnknown = new HashMap<>();
            for (int i = state.taken.nextClearBit(0);
                    i < operations.size() && operations.get(i).begin() < earliestEnd;
                    i = state.taken.nextClearBit(i + 1)) {
                Operation operation = operations.get(i);
                boolean fits = operation.isWrite() || operation.value() == state.value;
                if (!fits || operation.end() <= latestBegin) {
                    continue;
                }
                if (!operation.isWrite()) {
                    next = List.of(i);
                    firstUnknown.clear();
                    break;
                }
                if (operation.outcome() == Operation.Outcome.DONE) {
                    next.add(i);
                } else if (operation.value() != state.value) {
                    firstUnknown.merge(
                            operation.value(),
                            i,
                            (one, other) ->
                                    operations.get(one).end() <= operations.get(other).end()
                                            ? one
                                            : other);
                }
            }
            next = new ArrayList<>(next);
            next.addAll(firstUnknown.values());
            for (int i : next) {
                BitSet taken = (BitSet) state.taken.clone();
                taken.set(i);
                stack.add(new State(taken, operations.get(i).value()));
            }
        }
        return false;
    }

    private static long latestBegin(List<Operation> operations, BitSet taken) {
        int last = taken.length() - 1;
        return last < 0 ? Long.MIN_VALUE : operations.get(last).begin();
    }
}
