package io.ashlar.simulation.world;

import io.ashlar.common.Clock;
import io.ashlar.common.ProcessId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * One process of a node: whatever it has scheduled is held while it is paused, and forgotten when
 * it is killed. Its clock drifts at a constant rate within the world's bound.
 */
public final class SimProcess {
    private final SimWorld world;
    private final ProcessId id;
    private final UUID bootId;
    private final SimRandom random;
    private final double clockRate;
    private final long clockOffsetNanos;
    private final List<Runnable> held = new ArrayList<>();
    private final List<Runnable> deferred = new ArrayList<>();
    private boolean alive = true;
    private boolean paused;
    private boolean pausesInStep;

    /**
     * @param driftMax largest deviation of its clock's rate from 1
     */
    public SimProcess(SimWorld world, ProcessId id, UUID bootId, double driftMax) {
        this.world = world;
        this.id = id;
        this.bootId = bootId;
        this.random = world.random().split();
        this.clockRate = 1 + driftMax * (2 * random.fraction() - 1);
        this.clockOffsetNanos = random.between(0, 1_000_000 * SimWorld.SECOND);
    }

    public ProcessId id() {
        return id;
    }

    public UUID bootId() {
        return bootId;
    }

    public SimWorld world() {
        return world;
    }

    /** The randomness that the process's code gets. */
    public SimRandom random() {
        return random;
    }

    public boolean isAlive() {
        return alive;
    }

    public boolean isPaused() {
        return paused;
    }

    /** Alive and not paused. */
    public boolean isRunning() {
        return alive && !paused;
    }

    /** Runs on while the process is paused, as lease clocks do through suspend. */
    public Clock clock() {
        return () -> clockOffsetNanos + (long) (world.nowNanos() * clockRate);
    }

    /** What the process's own clock calls a delay, in true nanoseconds. */
    long trueDelay(long delayNanos) {
        return (long) (delayNanos / clockRate);
    }

    /** Schedules something that this process does, after a delay in true time. */
    public SimWorld.Event after(long delayNanos, Runnable action) {
        return world.schedule(delayNanos, this, action);
    }

    public SimShard shard(String name) {
        return new SimShard(this, name);
    }

    /** Whether an event that is due may happen now; one of a paused process is kept for later. */
    boolean mayRun(Runnable action) {
        if (!alive) {
            return false;
        }
        if (paused) {
            held.add(action);
            return false;
        }
        return true;
    }

    public void pause() {
        paused = true;
    }

    /**
     * Stops in the middle of the next step. What the step has looked at is old by the time that
     * what it does comes out.
     */
    public void pauseInStep() {
        pausesInStep = true;
    }

    /** A step of it begins. */
    void beginStep() {
        if (pausesInStep) {
            pausesInStep = false;
            paused = true;
        }
    }

    /** Something leaves the process; out of a step in which it stopped, when it goes on. */
    public void emit(Runnable effect) {
        if (paused) {
            deferred.add(effect);
        } else {
            effect.run();
        }
    }

    /** The interrupted step ends; what else was held happens in an order that the seed decides. */
    public void resume() {
        pausesInStep = false;
        if (!paused) {
            return;
        }
        paused = false;
        List<Runnable> effects = new ArrayList<>(deferred);
        deferred.clear();
        effects.forEach(Runnable::run);
        List<Runnable> actions = new ArrayList<>(held);
        held.clear();
        for (Runnable action : actions) {
            after(random.between(0, 200 * SimWorld.MICRO), action);
        }
    }

    /** Nothing of it happens any more. */
    public void kill() {
        alive = false;
        held.clear();
        deferred.clear();
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
