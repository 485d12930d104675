package io.ashlar.simulation;

/**
 * How much a run, or several, have done: a run without failovers proves nothing.
 *
 * @param runs how many runs
 * @param writes acknowledged writes and trims
 * @param reads answered reads
 * @param reconfigurations new epochs of groups
 * @param failedOver groups that another process led in the end
 * @param takeovers new access epochs of volumes
 * @param faults what the enemy did
 * @param events events of the simulation
 */
public record RunStatistics(
        long runs,
        long writes,
        long reads,
        long reconfigurations,
        long failedOver,
        long takeovers,
        long faults,
        long events) {
    public static final RunStatistics NONE = new RunStatistics(0, 0, 0, 0, 0, 0, 0, 0);

    public RunStatistics plus(RunStatistics other) {
        return new RunStatistics(
                runs + other.runs,
                writes + other.writes,
                reads + other.reads,
                reconfigurations + other.reconfigurations,
                failedOver + other.failedOver,
                takeovers + other.takeovers,
                faults + other.faults,
                events + other.events);
    }
}
