package io.ashlar.systemtests.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import io.ashlar.systemtests.cluster.Waiting;
import io.ashlar.systemtests.kernel.LinuxHost.FileSystem;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Debian's kernel with open-iscsi and dm-multipath attaches a volume by all nodes and keeps a file
 * system on it.
 */
@Order(90)
@ExtendWith(WithLab.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class KernelInitiatorIT {
    private static final String VOLUME = "kernel";
    private static final long BYTES = 512L << 20;
    private static final String GROWN = "544MiB";
    private static final long GROWN_BYTES = 544L << 20;
    private static final Duration FOLLOWS = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofSeconds(20);
    private static final String SECRET = "guest-proves-itself";
    private static final String TARGET_SECRET = "target-proves-itself";

    private static KernelLab lab;
    private static Fabric fabric;
    private static DevCluster cluster;
    private static LinuxHost host;

    @BeforeAll
    static void start(KernelLab shared) throws Exception {
        lab = shared;
        fabric = lab.fabric();
        cluster = lab.cluster();
        host = new LinuxHost(lab.guest());
        cluster.ashlar(1, "volume", "create", VOLUME, "--size", "512MiB").orThrow();
        cluster.ashlar(1, "volume", "create", "hidden", "--size", "16MiB").orThrow();
        cluster.ashlar(1, "host", "create", KernelLab.INITIATOR).orThrow();
        cluster.ashlar(1, "volume", "map", VOLUME, KernelLab.INITIATOR).orThrow();
        cluster.ashlar(
                        1,
                        "host",
                        "chap",
                        KernelLab.INITIATOR,
                        "--secret-file",
                        lab.secretFile("host", SECRET),
                        "--mutual-secret-file",
                        lab.secretFile("target", TARGET_SECRET))
                .orThrow();
    }

    @Test
    @Order(1)
    void theKernelFindsAllPathsThroughOneAndKnowsTheOwners() throws Exception {
        // Protects what a host learns without configuration: portals, one device, ALUA states.
        withState(KernelInitiatorIT::attach);
    }

    @Test
    @Order(2)
    void aHostThatMovesTheVolumeFollowsIt() throws Exception {
        // Protects explicit ALUA: what the host asked for is where its I/O goes then.
        withState(KernelInitiatorIT::moveByTheHost);
    }

    @Test
    @Order(3)
    void aFileSystemNoticesNeitherTheOwnersDeathNorItsReturnNorAMove() throws Exception {
        // Protects files on a host whose kernel decides when a path is dead.
        withState(KernelInitiatorIT::keepAFileSystem);
    }

    @Test
    @Order(4)
    void anXfsFileSystemNoticesNeitherALeaderThatNobodyReachesNorAPausedOwner() throws Exception {
        // Protects files from an owner that goes on without being heard, and from one that wakes.
        withState(KernelInitiatorIT::keepAnotherFileSystem);
    }

    @Test
    @Order(5)
    void aVolumeThatGrowsIsLargerAfterARescan() throws Exception {
        // Protects online growth: no I/O is disturbed, the host is told, and all of it is usable.
        withState(KernelInitiatorIT::grow);
    }

    private interface Body {
        void run() throws Exception;
    }

    private static void withState(Body body) throws Exception {
        try {
            body.run();
        } catch (Exception | AssertionError e) {
            System.out.println(host.state());
            throw e;
        }
    }

    private static void attach() throws Exception {
        assertThat(host.refusal(portal(2))).contains("authorization failure");
        host.authenticate(KernelLab.INITIATOR, SECRET, cluster.targetName(), TARGET_SECRET);
        List<String> portals = host.discover(portal(2));
        portals.forEach(System.out::println);
        assertThat(portals)
                .containsExactlyInAnyOrder(
                        portal(1) + ",1 " + cluster.targetName(),
                        portal(2) + ",2 " + cluster.targetName(),
                        portal(3) + ",3 " + cluster.targetName());
        host.login();
        awaitAllPaths();
        System.out.print(host.multipathText());
        assertThat(host.disks()).as("paths to what is mapped").isEqualTo(DevCluster.NODES);
        Multipath multipath = host.multipath();
        assertThat(multipath.isOptimized(address(cluster.owner(1, VOLUME)))).isTrue();
        assertThat(multipath.groups())
                .extracting(Multipath.Group::priority)
                .containsExactlyInAnyOrder(Multipath.OPTIMIZED, Multipath.NON_OPTIMIZED);
    }

    private static void moveByTheHost() throws Exception {
        int node = cluster.owner(1, VOLUME) % DevCluster.NODES + 1;
        lab.explicitAlua(true);
        host.setOptimized(node);
        assertThat(cluster.owner(node, VOLUME)).isEqualTo(node);
        Waiting.until(
                "the path is optimized",
                FOLLOWS,
                () -> host.multipath().isOptimized(address(node)));
        System.out.print(host.multipathText());
        lab.explicitAlua(false);
    }

    private static void keepAFileSystem() throws Exception {
        host.makeFileSystem(FileSystem.EXT4);
        host.startLoad();
        awaitRounds(1);

        int first = cluster.owner(1, VOLUME);
        cluster.killNode(first);
        say("killed node " + first + ", the owner");
        int second = awaitOtherOwner(first);
        awaitRounds(2);

        cluster.startNode(first);
        say("started node " + first);
        awaitAllPaths();
        awaitRounds(1);

        int third = 6 - first - second;
        cluster.own(third, VOLUME);
        say("moved the volume to node " + third);
        awaitPreferred(third);
        awaitRounds(2);

        finish(FileSystem.EXT4);
    }

    private static void keepAnotherFileSystem() throws Exception {
        host.makeFileSystem(FileSystem.XFS);
        host.startLoad();
        int leader = cluster.api(1).status().path("leader").asInt();
        cluster.own(leader, VOLUME);
        awaitPreferred(leader);
        awaitRounds(1);

        fabric.cut(leader);
        say("nothing reaches node " + leader + ", the owner, which leads the control plane too");
        int owner = awaitOtherOwner(leader);
        awaitRounds(2);
        fabric.mend(leader);
        say("mended");
        awaitAllPaths();
        awaitRounds(1);

        cluster.pauseNode(owner);
        long paused = System.nanoTime();
        say("paused node " + owner + ", the owner");
        awaitOtherOwner(owner);
        awaitRounds(1);
        Duration left = PAUSE.minusNanos(System.nanoTime() - paused);
        Thread.sleep(left.isNegative() ? Duration.ZERO : left);
        cluster.resumeNode(owner);
        say("it goes on");
        awaitAllPaths();
        awaitRounds(1);

        finish(FileSystem.XFS);
    }

    private static void grow() throws Exception {
        host.makeFileSystem(FileSystem.EXT4);
        host.startLoad();
        awaitRounds(1);
        long told = host.toldOfCapacity();
        int away = cluster.owner(1, VOLUME) % DevCluster.NODES + 1;
        cluster.ashlar(away, "volume", "resize", VOLUME, GROWN).orThrow();
        say("grown to " + GROWN + ", asked for through node " + away);
        Program.Result smaller = cluster.ashlar(away, "volume", "resize", VOLUME, "512MiB");
        assertThat(smaller.exitCode()).isNotZero();
        assertThat(smaller.errors()).contains("cannot shrink");
        // The path in use is told by its next command, the others by their checker's.
        Waiting.until(
                "all paths are told",
                FOLLOWS,
                () -> host.toldOfCapacity() >= told + DevCluster.NODES);
        assertThat(host.rescan()).isEqualTo(GROWN_BYTES);
        host.verify(BYTES, GROWN_BYTES - BYTES);
        say("what is new holds data");
        assertThat(host.growFileSystem()).isGreaterThan(GROWN_BYTES * 9 / 10);
        say("the file system has grown");
        awaitRounds(1);
        System.out.printf("longest command of the host: %.1f s%n", host.finishLoad());
        host.checkFileSystem(FileSystem.EXT4);
        assertThat(host.errors()).as("errors in the kernel's log").isEmpty();
        cluster.assertReplicasEqual();
    }

    private static int awaitOtherOwner(int lost) throws Exception {
        int other = lost % DevCluster.NODES + 1;
        Waiting.until("another owner", FOLLOWS, () -> cluster.owner(other, VOLUME) != lost);
        int owner = cluster.owner(other, VOLUME);
        say("the owner is node " + owner);
        awaitPreferred(owner);
        return owner;
    }

    private static void awaitAllPaths() throws Exception {
        cluster.awaitHealthy();
        Waiting.until(
                "all paths are there",
                FOLLOWS,
                () -> host.multipath().readyPaths() == DevCluster.NODES);
        say("three paths");
    }

    private static void finish(FileSystem type) throws Exception {
        System.out.printf("longest command of the host: %.1f s%n", host.finishLoad());
        host.checkFileSystem(type);
        say("file system clean");
        assertThat(host.errors()).as("errors in the kernel's log").isEmpty();
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    /** Failback: the host goes to the owner by itself. */
    private static void awaitPreferred(int node) throws Exception {
        Waiting.until(
                "I/O goes to node " + node, FOLLOWS, () -> host.multipath().isInUse(address(node)));
        say("the host's optimized path is that to node " + node);
        System.out.print(host.multipathText());
    }

    private static void awaitRounds(int rounds) throws Exception {
        say(host.awaitRounds(rounds, FOLLOWS) + " rounds of verified writes");
    }

    private static String address(int node) {
        return lab.address(node);
    }

    private static String portal(int node) {
        return lab.portal(node);
    }

    private static void say(String what) {
        lab.say(what);
    }
}
