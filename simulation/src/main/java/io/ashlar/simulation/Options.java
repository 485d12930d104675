package io.ashlar.simulation;

import io.ashlar.simulation.workload.FaultInjector;
import io.ashlar.simulation.workload.HostStyle;
import io.ashlar.simulation.workload.Region;
import io.ashlar.simulation.workload.SimulatedOwner;
import io.ashlar.simulation.world.ControlFlaw;
import io.ashlar.simulation.world.SimControlLog;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import java.util.List;

/**
 * The shape of one run. Everything derives from the seed.
 *
 * @param cluster what it runs on
 * @param load what is asked of it
 * @param clockDriftMax how far a clock's rate may be from 1
 * @param network the wires
 * @param disk the disks
 * @param log the control log
 * @param faults what goes wrong
 * @param faultNanos for how long things go wrong, in true time
 * @param endWithPowerCut whether, after everything has healed, all nodes lose power at once
 */
public record Options(
        Cluster cluster,
        Load load,
        double clockDriftMax,
        SimNetwork.Settings network,
        SimDisk.Settings disk,
        SimControlLog.Settings log,
        FaultInjector.Settings faults,
        long faultNanos,
        boolean endWithPowerCut) {
    private static final long MICRO = SimWorld.MICRO;
    private static final long MILLI = SimWorld.MILLI;

    /** The largest drift that the protocol's grace allows for: see {@code ReplicationSettings}. */
    static final double DRIFT_BOUND = 0.01;

    /**
     * What a run's cluster is made of.
     *
     * @param nodes how many nodes
     * @param devicesPerNode disks of each
     * @param replicas wanted members of a group
     * @param inSyncMin below it a group takes no writes
     * @param groups placement groups, a power of two
     */
    public record Cluster(int nodes, int devicesPerNode, int replicas, int inSyncMin, int groups) {}

    /**
     * What is asked of it.
     *
     * @param volumes how many volumes
     * @param hosts how many hosts, where volumes are served
     * @param style how hosts behave
     * @param chunksPerVolume chunks of 64 KiB
     * @param clients of each volume, or of each host
     * @param thinkNanosMax longest pause of a client
     * @param writeShare of its requests
     * @param patienceNanos how soon a host takes another path
     * @param overlapShare how often a host does not mind that it has another request there
     * @param rivals whether two hosts fight over one more volume by reservations
     * @param compareShare of a host's writes of one sector, how many compare first; only where logs
     *     are long enough to keep the marks
     * @param orShare of a host's writes, how many set bits of what is there
     * @param growing whether volumes are small at first and grow all the time
     */
    public record Load(
            int volumes,
            int hosts,
            HostStyle style,
            int chunksPerVolume,
            int clients,
            long thinkNanosMax,
            double writeShare,
            long patienceNanos,
            double overlapShare,
            boolean rivals,
            double compareShare,
            double orShare,
            boolean growing) {
        /** The same from busier clients. */
        public Load busy(int manyClients, long thinkNanos, double writes, long patience) {
            return new Load(
                    volumes,
                    hosts,
                    style,
                    chunksPerVolume,
                    manyClients,
                    thinkNanos,
                    writes,
                    patience,
                    overlapShare,
                    rivals,
                    compareShare,
                    orShare,
                    growing);
        }

        /** The same, and two hosts that want one more volume for themselves. */
        public Load foughtOver() {
            return new Load(
                    volumes,
                    hosts,
                    style,
                    chunksPerVolume,
                    clients,
                    thinkNanosMax,
                    writeShare,
                    patienceNanos,
                    overlapShare,
                    true,
                    compareShare,
                    orShare,
                    growing);
        }

        /** The same from so many hosts that compare. */
        public Load comparing(int manyHosts, double compares) {
            return new Load(
                    volumes,
                    manyHosts,
                    style,
                    chunksPerVolume,
                    clients,
                    thinkNanosMax,
                    writeShare,
                    patienceNanos,
                    overlapShare,
                    rivals,
                    compares,
                    orShare,
                    growing);
        }

        /** The same from so many hosts that set bits. */
        public Load settingBits(int manyHosts, double share) {
            return new Load(
                    volumes,
                    manyHosts,
                    style,
                    chunksPerVolume,
                    clients,
                    thinkNanosMax,
                    writeShare,
                    patienceNanos,
                    overlapShare,
                    rivals,
                    compareShare,
                    share,
                    growing);
        }

        /** The same on volumes of so many chunks in the end, which grow. */
        public Load growingTo(int chunks) {
            return new Load(
                    volumes,
                    hosts,
                    style,
                    chunks,
                    clients,
                    thinkNanosMax,
                    writeShare,
                    patienceNanos,
                    overlapShare,
                    rivals,
                    compareShare,
                    orShare,
                    true);
        }

        /** The same from hosts of another kind. */
        public Load from(HostStyle other) {
            return new Load(
                    volumes,
                    hosts,
                    other,
                    chunksPerVolume,
                    clients,
                    thinkNanosMax,
                    writeShare,
                    patienceNanos,
                    overlapShare,
                    rivals,
                    compareShare,
                    orShare,
                    growing);
        }
    }

    /** Draws the shape of a run. */
    public static Options random(long seed) {
        SimRandom random = new SimRandom(seed ^ 0x5DEECE66DL);
        return new Options(
                randomCluster(random),
                randomLoad(random, seed),
                random.pick(List.of(0.0, 0.001, DRIFT_BOUND)),
                new SimNetwork.Settings(
                        30 * MICRO,
                        random.pick(List.of(150 * MICRO, 500 * MICRO, 3 * MILLI)),
                        random.pick(List.of(0.0, 0.002, 0.02)),
                        random.pick(List.of(20 * MILLI, 300 * MILLI, 2_000 * MILLI)),
                        7,
                        true),
                new SimDisk.Settings(
                        10 * MICRO,
                        200 * MICRO,
                        100 * MICRO,
                        random.pick(List.of(1 * MILLI, 5 * MILLI)),
                        random.pick(List.of(0.0, 0.002, 0.02)),
                        random.pick(List.of(50 * MILLI, 500 * MILLI)),
                        SimDisk.Flaw.NONE),
                new SimControlLog.Settings(
                        300 * MICRO,
                        10 * MILLI,
                        random.pick(List.of(0.0, 0.05, 0.2)),
                        3_000 * MILLI,
                        random.pick(List.of(0.0, 0.02, 0.1)),
                        random.pick(List.of(3 * MILLI, 50 * MILLI, 500 * MILLI)),
                        ControlFlaw.NONE),
                FaultInjector.Settings.random(random),
                random.between(12_000, 25_000) * MILLI,
                random.chance(0.4));
    }

    private static Cluster randomCluster(SimRandom random) {
        int nodes = random.chance(0.7) ? 3 : 3 + random.nextInt(3);
        int replicas = random.chance(0.65) ? 3 : random.chance(0.7) ? 2 : Math.min(nodes, 4);
        int inSyncMin = random.chance(0.6) ? 1 : 2;
        return new Cluster(
                nodes,
                random.chance(0.7) ? 1 : 2,
                replicas,
                inSyncMin,
                random.pick(List.of(1, 1, 2, 4)));
    }

    private static Load randomLoad(SimRandom random, long seed) {
        boolean keepsMarks = ReplicationProgram.settings(seed).logEntriesMax() > 1_000;
        return new Load(
                random.chance(0.7) ? 1 : 2,
                1 + random.nextInt(2),
                random.pick(List.of(HostStyle.values())),
                2,
                2 + random.nextInt(4),
                random.pick(List.of(20 * MILLI, 60 * MILLI, 200 * MILLI)),
                0.3 + 0.5 * random.fraction(),
                random.pick(List.of(200 * MILLI, 700 * MILLI, 2_000 * MILLI)),
                random.pick(List.of(0.0, 0.1, 0.5)),
                false,
                keepsMarks ? 0.3 : 0,
                0,
                false);
    }

    /** The same on nodes, replicas and groups of other numbers. */
    public Options on(int nodes, int replicas, int inSyncMin, int groups) {
        return on(new Cluster(nodes, cluster.devicesPerNode, replicas, inSyncMin, groups));
    }

    /** The same on another cluster. */
    public Options on(Cluster other) {
        return new Options(
                other,
                load,
                clockDriftMax,
                network,
                disk,
                log,
                faults,
                faultNanos,
                endWithPowerCut);
    }

    /** The same under another load. */
    public Options under(Load other) {
        return new Options(
                cluster,
                other,
                clockDriftMax,
                network,
                disk,
                log,
                faults,
                faultNanos,
                endWithPowerCut);
    }

    /** The same with other faults. */
    public Options with(FaultInjector.Settings others) {
        return new Options(
                cluster,
                load,
                clockDriftMax,
                network,
                disk,
                log,
                others,
                faultNanos,
                endWithPowerCut);
    }

    /** The same with other wires. */
    public Options with(SimNetwork.Settings other) {
        return new Options(
                cluster,
                load,
                clockDriftMax,
                other,
                disk,
                log,
                faults,
                faultNanos,
                endWithPowerCut);
    }

    /** The same with other disks. */
    public Options with(SimDisk.Settings other) {
        return new Options(
                cluster,
                load,
                clockDriftMax,
                network,
                other,
                log,
                faults,
                faultNanos,
                endWithPowerCut);
    }

    /** The same with another control log. */
    public Options with(SimControlLog.Settings other) {
        return new Options(
                cluster,
                load,
                clockDriftMax,
                network,
                disk,
                other,
                faults,
                faultNanos,
                endWithPowerCut);
    }

    /** The same with other clocks. */
    public Options withDrift(double driftMax) {
        return new Options(
                cluster, load, driftMax, network, disk, log, faults, faultNanos, endWithPowerCut);
    }

    /** The same with a power cut of everything at the end, or without. */
    public Options withPowerCut(boolean atTheEnd) {
        return new Options(
                cluster, load, clockDriftMax, network, disk, log, faults, faultNanos, atTheEnd);
    }

    SimulatedOwner.Settings owner(List<Region> regions) {
        return new SimulatedOwner.Settings(
                regions,
                load.clients,
                200 * MICRO,
                load.thinkNanosMax,
                load.writeShare,
                load.patienceNanos,
                load.overlapShare,
                load.compareShare,
                load.orShare);
    }
}
