package io.ashlar.simulation;

import io.ashlar.simulation.world.SimWorld;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run from one seed: calm, faults, healing, convergence, a power cut by chance, and the checks.
 */
public final class Simulation {
    private static final long CONVERGE_NANOS_MAX = 90 * SimWorld.SECOND;
    private static final long SCRUB_NANOS_MAX = 60 * SimWorld.SECOND;
    private static final long QUIESCE_NANOS_MAX = 30 * SimWorld.SECOND;

    private Simulation() {}

    /** A failed run: what went wrong, and how to see it again. */
    public static final class Failure extends AssertionError {
        Failure(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Runs a seed.
     *
     * @throws Failure whose cause is what went wrong
     */
    public static RunStatistics run(long seed, Options options, NodeProgram program) {
        SimulatedCluster cluster = new SimulatedCluster(seed, options, program, false);
        try {
            drive(cluster, options);
            return cluster.statistics();
        } catch (RuntimeException | Error failure) {
            throw new Failure("seed " + seed + ": " + failure, failure);
        }
    }

    /** Every line that a run traces, whether it fails or not; the last tells of a failure. */
    public static List<String> trace(long seed, Options options, NodeProgram program) {
        SimulatedCluster cluster = new SimulatedCluster(seed, options, program, true);
        try {
            drive(cluster, options);
        } catch (RuntimeException | Error failure) {
            cluster.world().trace("FAILED %s", failure);
        }
        return cluster.world().traceLines();
    }

    private static void drive(SimulatedCluster cluster, Options options) {
        Convergence convergence = cluster.convergence();
        cluster.runWithFaults();
        cluster.healAllFaults();
        convergence.await(CONVERGE_NANOS_MAX);
        convergence.quiesce(QUIESCE_NANOS_MAX);
        convergence.await(CONVERGE_NANOS_MAX);
        cluster.world().runFor(SimWorld.SECOND);
        convergence.scrubEverything(SCRUB_NANOS_MAX);
        convergence.verifyEverything(CONVERGE_NANOS_MAX);
        if (options.endWithPowerCut()) {
            cluster.cutAllPower();
            convergence.await(CONVERGE_NANOS_MAX);
            convergence.verifyEverything(CONVERGE_NANOS_MAX);
        }
    }
}
