package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.simulation.check.Operation;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.VolumeService;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A host with a path to every node, which repeats, aborts, resets and switches paths as its {@link
 * HostStyle} has it. It never fails, and it believes what it is told: an acknowledged write is
 * done, an aborted one will never be, and one that it gave up is history once a later one to the
 * same place is acknowledged.
 */
public final class SimulatedHost implements HostPath.Listener {
    /** A node as the host reaches it. */
    public record Target(SimProcess process, VolumeService service, TargetContext iscsi) {}

    /** Where the nodes' present processes are found. */
    public interface Targets {
        @Nullable Target at(NodeId node);

        List<NodeId> nodes();
    }

    /** A write that its application got an error for, and when. */
    private record GivenUp(Operation operation, long at) {}

    private static final int TRIES_MAX = 60;
    private static final double TRIM_SHARE = 0.4;
    private static final double AGAIN_SHARE = 0.3;

    private final SimWorld world;
    private final SimRandom random;
    private final NodeId id;
    private final Ledger ledger;
    private final SimulatedOwner.Settings settings;
    private final List<Region> own;
    private final HostStyle style;
    private final HostPaths paths;
    private final Map<Long, HostOp> byTag = new TreeMap<>();
    private final List<HostOp> open = new ArrayList<>();
    private final Map<Region, List<GivenUp>> givenUp = new HashMap<>();

    /** What its regions hold, where it knows. */
    private final Map<Region, Long> known = new HashMap<>();

    /**
     * Where it gave up setting bits. It writes there no more: until a later write is acknowledged,
     * the bits may come before it or after, and what is there then has no name.
     */
    private final Set<Region> unsettled = new HashSet<>();

    private long lastTag;
    private boolean working = true;

    /**
     * @param id names the host; an id that no node has, for the wires between them
     * @param own what it writes, and no other host does: a write that is repeated takes effect
     *     again, and would undo another host's in between
     */
    public SimulatedHost(
            SimNetwork network,
            SimWorld world,
            NodeId id,
            Targets targets,
            Ledger ledger,
            SimulatedOwner.Settings settings,
            List<Region> own,
            HostStyle style) {
        this.own = own;
        this.style = style;
        this.world = world;
        this.random = world.random().split();
        this.id = id;
        this.ledger = ledger;
        this.settings = settings;
        this.paths = new HostPaths(world, network, random.split(), id, style, targets, this);
    }

    public NodeId id() {
        return id;
    }

    public void start() {
        paths.start();
        for (int i = 0; i < settings.clients(); i++) {
            think();
        }
    }

    public void setWorking(boolean working) {
        this.working = working;
    }

    public int inFlight() {
        return open.size();
    }

    /** Reads every region once. */
    public void readEverything(Runnable done) {
        int[] left = {settings.regions().size()};
        for (Region region : settings.regions()) {
            begin(
                    HostOp.read(
                            ledger,
                            id.toString(),
                            List.of(region),
                            () -> {
                                if (--left[0] == 0) {
                                    done.run();
                                }
                            }));
        }
    }

    // ---- paths

    @Override
    public void onUp(HostPath path) {
        paths.onUp(path);
    }

    @Override
    public void onPathsChanged(HostPath path) {
        if (random.chance(0.5)) {
            paths.chooseAnew();
        }
    }

    /** The path is dropped, and everything on it goes again, by another one if there is. */
    @Override
    public void onLost(HostPath path) {
        if (!paths.isPath(path)) {
            return;
        }
        paths.giveUp(path);
        for (HostOp op : List.copyOf(byTag.values())) {
            if (op.path == path) {
                byTag.remove(op.tag);
                retry(op);
            }
        }
    }

    // ---- requests

    private void think() {
        world.after(random.skewed(settings.thinkNanosMin(), settings.thinkNanosMax()), this::work);
    }

    private void work() {
        if (!working) {
            think();
            return;
        }
        boolean write = random.chance(settings.writeShare());
        List<Region> parts = settings.someRegions(write ? own : settings.regions(), random);
        List<HostOp> others = open.stream().filter(op -> op.touches(parts)).toList();
        if (others.stream().anyMatch(op -> op.mustMatch != null && op.write)) {
            think(); // nobody writes where it compares
            return;
        }
        boolean isSetting = others.stream().anyMatch(HostOp::setsBits);
        if (write && (isSetting || parts.stream().anyMatch(unsettled::contains))) {
            think();
            return;
        }
        boolean repeated = others.stream().anyMatch(op -> op.write && op.tries > 1);
        if (!others.isEmpty() && ((write && repeated) || !random.chance(settings.overlapShare()))) {
            think();
            return;
        }
        String name = id.toString();
        if (!write) {
            begin(HostOp.read(ledger, name, parts, this::think));
            return;
        }
        if (settings.compareShare() > 0 && random.chance(settings.compareShare())) {
            compare(parts.getFirst(), others.isEmpty());
            return;
        }
        if (settings.orShare() > 0 && random.chance(settings.orShare())) {
            setBits(parts.getFirst(), others.isEmpty());
            return;
        }
        HostOp op =
                parts.getFirst().trimmable() && random.chance(TRIM_SHARE)
                        ? HostOp.trim(ledger, name, parts, this::think)
                        : HostOp.write(ledger, name, parts, this::think);
        for (HostOp other : others) {
            other.overlapped |= other.write;
            op.overlapped |= other.write;
        }
        begin(op);
    }

    /**
     * Compares with what it knows to be there, so that nothing but GOOD is right; or does once more
     * what any host has done, so that nothing but a miscompare is.
     */
    private void compare(Region part, boolean isAlone) {
        List<Ledger.Compared> done = ledger.compared();
        Long holds = known.get(part);
        if (!done.isEmpty() && random.chance(AGAIN_SHARE)) {
            Ledger.Compared again = random.pick(done);
            if (!again.by().equals(id)) {
                begin(HostOp.compareAgain(again, null, this::think));
                return;
            }
        }
        if (holds != null && isAlone && part.length() == Region.SECTOR_BYTES) {
            begin(HostOp.compare(ledger, id.toString(), part, holds, this::think));
        } else {
            think();
        }
    }

    /** Sets the next bit of what it knows to be there, so that one value only is right. */
    private void setBits(Region part, boolean isAlone) {
        Long holds = known.get(part);
        long bits = holds == null ? 0 : Region.nextBit(holds);
        if (holds != null && bits != 0 && isAlone && !part.trimmable()) {
            begin(HostOp.or(ledger, id.toString(), part, holds, bits, this::think));
        } else if (isAlone) {
            begin(HostOp.write(ledger, id.toString(), List.of(part), this::think));
        } else {
            think();
        }
    }

    private void begin(HostOp op) {
        if (op.write) {
            op.parts.forEach(known::remove);
        }
        open.add(op);
        world.trace("%s begins %s", id, op);
        submit(op);
    }

    private void submit(HostOp op) {
        HostPath path = paths.choose(op.parts.getFirst().volume());
        if (path == null || op.end() > path.bytes(op.parts.getFirst().volume())) {
            world.after(100 * SimWorld.MILLI, () -> resubmit(op));
            return;
        }
        op.tries++;
        op.strayed |= path != op.firstBy;
        op.tag = ++lastTag;
        op.path = path;
        op.escalation = HostOp.Escalation.NONE;
        byTag.put(op.tag, op);
        path.send(op.tag, op.request);
        long tag = op.tag;
        world.after(
                random.between(settings.patienceNanos(), 4 * settings.patienceNanos()),
                () -> onTimeout(op, tag));
    }

    private void onTimeout(HostOp op, long tag) {
        HostPath path = op.path;
        if (op.over || op.tag != tag || byTag.get(tag) != op || path == null) {
            return;
        }
        switch (op.escalation) {
            case NONE -> {
                if (style.aborts() && random.chance(0.6)) {
                    world.trace("%s aborts %s by %s", id, op, path.process());
                    op.escalation = HostOp.Escalation.ABORTING;
                    path.abort(tag);
                    world.after(settings.patienceNanos(), () -> onTimeout(op, tag));
                } else {
                    onLost(path);
                }
            }
            case ABORTING -> {
                if (style.resets() && random.chance(0.5)) {
                    world.trace("%s resets the unit for %s by %s", id, op, path.process());
                    op.escalation = HostOp.Escalation.RESETTING;
                    path.reset(op.parts.getFirst().volume(), tag);
                    world.after(settings.patienceNanos(), () -> onTimeout(op, tag));
                } else {
                    onLost(path);
                }
            }
            case RESETTING -> onLost(path);
        }
    }

    @Override
    public void onAborted(HostPath path, long tag) {
        HostOp op = byTag.get(tag);
        if (op == null || op.path != path || op.escalation == HostOp.Escalation.NONE) {
            return;
        }
        byTag.remove(tag);
        world.trace("%s: aborted %s", id, op);
        // F1: from here on no copy of it may take effect, by whatever path it was sent.
        finish(op, () -> op.operations.forEach(ledger.history()::decidedUnknown));
    }

    /**
     * Nothing that was sent before the reset, by this path, will take effect. The application that
     * caused it gets an error; what else was on its way is sent again.
     */
    @Override
    public void onReset(HostPath path, VolumeId volume, long tag) {
        HostOp cause = byTag.get(tag);
        if (cause == null || cause.path != path) {
            return;
        }
        byTag.remove(tag);
        world.trace("%s: reset by %s", id, cause);
        finish(cause, () -> cause.operations.forEach(ledger.history()::decidedUnknown));
        for (HostOp op : List.copyOf(byTag.values())) {
            if (op.path == path && op.tag < tag && op.parts.getFirst().volume().equals(volume)) {
                byTag.remove(op.tag);
                retry(op);
            }
        }
    }

    /** Nothing that was sent by the path will take effect; applications get an error for it. */
    @Override
    public void onLoggedOut(HostPath path) {
        if (!paths.isPath(path)) {
            return;
        }
        world.trace("%s is logged out of %s", id, path.process());
        paths.giveUp(path);
        for (HostOp op : List.copyOf(byTag.values())) {
            if (op.path == path) {
                byTag.remove(op.tag);
                if (op.tries == 1) {
                    finish(op, () -> op.operations.forEach(ledger.history()::decidedUnknown));
                } else {
                    abandon(op); // what was sent by other paths was not promised to be over
                }
            }
        }
    }

    @Override
    public void onResult(HostPath path, long tag, IoResult result) {
        HostOp op = byTag.get(tag);
        if (op == null || op.path != path) {
            return;
        }
        byTag.remove(tag);
        world.trace("%s: %s for %s by %s", id, result, op, path.process());
        switch (result) {
            case IoResult.Done(Payload data) -> {
                Boolean mustMatch = op.mustMatch;
                if (mustMatch == null) {
                    done(op, data);
                } else {
                    compared(op, path, mustMatch);
                }
            }
            case IoResult.Miscompared _ -> miscompared(op);
            case IoResult.Failed(IoError error) -> {
                switch (error) {
                    case FENCED, UNREACHABLE, IN_TRANSITION, OVERLOADED, ABORTED -> {
                        if (random.chance(0.3)) {
                            paths.chooseAnew();
                        }
                        retry(op);
                    }
                    case OUT_OF_SPACE -> {
                        if (!world.spaceWasShort()) {
                            throw new Violation("space", op + " refused by disks with room");
                        }
                        abandon(op);
                    }
                    case WRITE_FAULT, UNRECOVERED_READ -> abandon(op);
                    case MISCOMPARE -> miscompared(op);
                    case OUT_OF_RANGE,
                            NO_SUCH_VOLUME,
                            READ_ONLY,
                            RESERVATION_CONFLICT,
                            INVALID_RELEASE,
                            INVALID_RESERVATION,
                            NO_REGISTRATION_ROOM,
                            INTERNAL ->
                            throw new Violation("answer", op + " got " + error);
                }
            }
        }
    }

    /** F3: it was there. */
    private void compared(HostOp op, HostPath path, boolean mustMatch) {
        if (mustMatch) {
            Ledger.Compared done = new Ledger.Compared(id, op.parts.getFirst(), op.request);
            ledger.compared(done);
            done(op, Payload.EMPTY);
            if (random.chance(AGAIN_SHARE)) {
                begin(HostOp.compareAgain(done, path, () -> {}));
            }
            return;
        }
        // By the path that gave the first answer and was told that it came, there is no doubt.
        if (!op.strayed || op.firstBy == null) {
            throw new Violation("F3", op + " was answered as if it were a repetition");
        }
        finish(op, () -> {});
    }

    /** F3: something else was there. */
    private void miscompared(HostOp op) {
        if (!Boolean.FALSE.equals(op.mustMatch)) {
            throw new Violation("F3", op + " miscompared after " + op.tries + " tries");
        }
        finish(op, () -> {});
    }

    /**
     * The same command again, by whatever path there is. Not a write while another to the same
     * place is on its way: repeated, it could take effect on both sides of that one.
     */
    private void retry(HostOp op) {
        if (op.tries >= TRIES_MAX) {
            abandon(op);
            return;
        }
        world.after(random.skewed(SimWorld.MILLI, 300 * SimWorld.MILLI), () -> resubmit(op));
    }

    private void resubmit(HostOp op) {
        if (op.over) {
            return;
        }
        if (op.tries > 0 && op.overlapped) {
            abandon(op);
        } else {
            submit(op);
        }
    }

    /** The application gets an error: it may have been done or not. */
    private void abandon(HostOp op) {
        if (op.setsBits()) {
            unsettled.addAll(op.parts);
        }
        if (op.write) {
            for (int i = 0; i < op.parts.size(); i++) {
                givenUp.computeIfAbsent(op.parts.get(i), _ -> new ArrayList<>())
                        .add(new GivenUp(op.operations.get(i), ledger.history().tick()));
            }
        }
        finish(op, () -> {});
    }

    private void done(HostOp op, Payload data) {
        finish(
                op,
                () -> {
                    if (!op.write) {
                        ledger.readDone(op.operations, op.values(data));
                        return;
                    }
                    ledger.writeDone(op.operations, op.parts);
                    for (int i = 0; !op.overlapped && i < op.parts.size(); i++) {
                        if (op.operations.get(i).value() != 0) {
                            known.put(op.parts.get(i), op.operations.get(i).value());
                        }
                    }
                    for (int i = 0; i < op.parts.size(); i++) {
                        decideGivenUp(op.parts.get(i), op.operations.get(i));
                    }
                });
    }

    /** F1: what was given up before this write began may not come after its acknowledgement. */
    private void decideGivenUp(Region part, Operation acknowledged) {
        List<GivenUp> ofPart = givenUp.get(part);
        if (ofPart != null) {
            List<Operation> older = new ArrayList<>();
            ofPart.removeIf(each -> {
                boolean before = each.at() < acknowledged.begin();
                if (before) {
                    older.add(each.operation());
                }
                return before;
            });
            ledger.history().decideNow(older);
        }
    }

    private void finish(HostOp op, Runnable note) {
        op.over = true;
        open.remove(op);
        note.run();
        op.then.run();
    }
}
