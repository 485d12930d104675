package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.check.History;
import io.ashlar.simulation.check.Operation;
import io.ashlar.simulation.check.Violation;
import io.ashlar.volume.IoRequest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What all owners together have asked of the groups, and what they may still expect. It knows what
 * no node knows: every request of every owner, and the instant at which each epoch was installed.
 */
public final class Ledger {
    private record Place(VolumeId volume, PgId pg) {}

    /** One request of an owner. */
    public static final class Request {
        private final Place place;
        private final long accessEpoch;
        private final boolean write;
        private final boolean afterNewerEpoch;
        private final List<Operation> operations;

        private Request(
                Place place,
                long accessEpoch,
                boolean write,
                boolean afterNewerEpoch,
                List<Operation> operations) {
            this.place = place;
            this.accessEpoch = accessEpoch;
            this.write = write;
            this.afterNewerEpoch = afterNewerEpoch;
            this.operations = operations;
        }

        /** One per region. */
        public List<Operation> operations() {
            return operations;
        }
    }

    private final History history = new History();
    private final Map<Place, List<Request>> open = new HashMap<>();
    private final Map<Place, Long> installed = new HashMap<>();
    private final Map<String, Map<Long, Operation>> writesByValue = new HashMap<>();
    private final Map<Long, List<Operation>> writesOf = new HashMap<>();
    private final BitSet applied = new BitSet();
    private final Map<String, Operation> lastDone = new TreeMap<>();
    private final Map<String, Region> regions = new TreeMap<>();
    private final BiConsumer<Region, Operation> onWriteDone;
    private final List<Compared> compared = new ArrayList<>();
    private long lastValue;

    /**
     * @param onWriteDone called for every register of an acknowledged write, at that instant
     */
    public Ledger(BiConsumer<Region, Operation> onWriteDone) {
        this.onWriteDone = onWriteDone;
    }

    public History history() {
        return history;
    }

    /**
     * A COMPARE AND WRITE that was done.
     *
     * @param by the host
     * @param part what it wrote; the value that it compared with never comes back there
     */
    record Compared(NodeId by, Region part, IoRequest request) {}

    /** Notes one, for others to send the same. */
    void compared(Compared done) {
        compared.add(done);
        if (compared.size() > 8) {
            compared.removeFirst();
        }
    }

    /** The newest that were done. */
    List<Compared> compared() {
        return compared;
    }

    /** A value that was never written before. */
    long newValue() {
        return ++lastValue;
    }

    /** An operation on each part begins. */
    List<Operation> begin(List<Region> parts, boolean write, long value, String note) {
        List<Operation> operations = new ArrayList<>();
        for (Region part : parts) {
            String register = part.register();
            regions.put(register, part);
            if (write) {
                Operation operation = history.beginWrite(register, value, note);
                operations.add(operation);
                writesOf.computeIfAbsent(value, _ -> new ArrayList<>()).add(operation);
                writesByValue.computeIfAbsent(register, _ -> new HashMap<>()).put(value, operation);
            } else {
                operations.add(history.beginRead(register, note));
            }
        }
        return operations;
    }

    Request begin(
            PgId pg, long accessEpoch, List<Region> parts, boolean write, long value, String note) {
        Place place = new Place(parts.getFirst().volume(), pg);
        List<Operation> operations = begin(parts, write, value, note);
        boolean late = accessEpoch < installed.getOrDefault(place, 0L);
        Request request = new Request(place, accessEpoch, write, late, operations);
        open.computeIfAbsent(place, _ -> new ArrayList<>()).add(request);
        return request;
    }

    void writeDone(Request request, List<Region> parts) {
        close(request);
        writeDone(request.operations, parts);
    }

    void writeDone(List<Operation> operations, List<Region> parts) {
        for (int i = 0; i < parts.size(); i++) {
            Operation operation = operations.get(i);
            history.writeDone(operation);
            lastDone.put(operation.register(), operation);
            onWriteDone.accept(parts.get(i), operation);
        }
    }

    void readDone(Request request, List<Long> values) {
        close(request);
        readDone(request.operations, values);
    }

    void readDone(List<Operation> operations, List<Long> values) {
        for (int i = 0; i < values.size(); i++) {
            history.readDone(operations.get(i), values.get(i));
        }
    }

    private void close(Request request) {
        if (request.afterNewerEpoch) {
            throw new Violation(
                    "F2",
                    "a request of access epoch "
                            + request.accessEpoch
                            + " was executed though a newer one had been installed before it"
                            + " began: "
                            + request.operations);
        }
        forget(request);
    }

    private void forget(Request request) {
        List<Request> requests = open.get(request.place);
        if (requests != null) {
            requests.remove(request);
        }
    }

    /** The group says that it is decided, but not how. */
    void decidedUnknown(Request request) {
        forget(request);
        request.operations.forEach(history::decidedUnknown);
    }

    /** The group says that it has done nothing. */
    void refused(Request request) {
        forget(request);
        request.operations.forEach(history::refused);
    }

    /** From here on nothing of a lower epoch may take effect at the group. */
    void installed(VolumeId volume, PgId pg, long accessEpoch) {
        Place place = new Place(volume, pg);
        installed.merge(place, accessEpoch, Math::max);
        List<Operation> older = new ArrayList<>();
        for (Request request : open.getOrDefault(place, List.of())) {
            if (request.accessEpoch < accessEpoch && request.write) {
                older.addAll(request.operations);
            }
        }
        history.decideNow(older);
    }

    /**
     * A disk shows a value.
     *
     * @param effective whether readers may see it by that
     */
    public void applied(long value, boolean effective) {
        if (value <= 0 || value > lastValue || applied.get((int) value)) {
            return;
        }
        applied.set((int) value);
        for (Operation write : writesOf.getOrDefault(value, List.of())) {
            boolean late =
                    write.outcome() != Operation.Outcome.DONE && write.end() <= history.now();
            if (effective && late) {
                throw new Violation("F1", "takes effect only after it had to be decided: " + write);
            }
        }
    }

    /** The write of a value to a register, if there was one. */
    public @Nullable Operation writeOf(String register, long value) {
        return writesByValue.getOrDefault(register, Map.of()).get(value);
    }

    /** The last acknowledged write of each register. */
    public Map<String, Operation> lastDone() {
        return lastDone;
    }

    public @Nullable Region region(String register) {
        return regions.get(register);
    }
}
