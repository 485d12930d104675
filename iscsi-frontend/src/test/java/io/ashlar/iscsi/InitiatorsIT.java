package io.ashlar.iscsi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.iscsi.transport.TransportLoops;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A target on a real socket, used by Debian's tools ({@code libiscsi-bin}, {@code qemu-utils}). */
final class InitiatorsIT {
    private final List<IscsiTarget> targets =
            RamTargetMain.start(RamTargetMain.volumes(), "127.0.0.1", 0);
    private final InetSocketAddress address = targets.getFirst().address();

    @AfterEach
    void stop() {
        targets.forEach(IscsiTarget::close);
    }

    /** Protects discovery: every node's portal, and the LUNs behind it. */
    @Test
    void iscsiLsFindsTargetAndUnits() throws Exception {
        assertThat(run("iscsi-ls", "-s", "iscsi://127.0.0.1:" + address.getPort() + "/"))
                .contains("Target:" + RamTargetMain.NAME)
                .contains(":" + targets.getLast().address().getPort() + ",2")
                .contains("Lun:0    Type:DIRECT_ACCESS")
                .contains("Lun:2    Type:DIRECT_ACCESS");
    }

    /** Protects data on the way through QEMU's initiator: large writes, discards, odd places. */
    @Test
    void qemuReadsWhatItWrote() throws Exception {
        String url = "iscsi://127.0.0.1:" + address.getPort() + "/" + RamTargetMain.NAME + "/0";
        assertThat(
                        run(
                                "qemu-io",
                                "-f",
                                "raw",
                                "-c",
                                "write -P 7 0 1M",
                                "-c",
                                "write -P 9 3584 20M",
                                "-c",
                                "read -P 7 0 3584",
                                "-c",
                                "read -P 9 3584 20M",
                                "-c",
                                "write -z 1M 1M",
                                "-c",
                                "read -P 0 1M 1M",
                                "-c",
                                "discard 2M 1M",
                                "-c",
                                "read -P 0 2M 1M",
                                "-c",
                                "flush",
                                url))
                .contains("read 20971520/20971520 bytes")
                .doesNotContain("Pattern verification failed")
                .doesNotContain("error");
    }

    /** Protects start-up: who finds the port in use is told where and what to do. */
    @Test
    void portInUseIsOneClearError() {
        try (TransportLoops loops = TransportLoops.create(1)) {
            assertThatThrownBy(() ->
                            IscsiTarget.start(
                                    new IscsiTargetConfig(
                                            "127.0.0.1",
                                            address.getPort(),
                                            RamTargetMain.NAME,
                                            IscsiLimits.DEFAULT),
                                    RamTargetMain.volumes(),
                                    loops))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("127.0.0.1 port " + address.getPort())
                    .hasMessageContaining("configure another address or port");
        }
    }

    /** Protects the node: what is no iSCSI is shut out at once, and others are served on. */
    @Test
    void strangersAreShutOut() throws Exception {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write(
                            ("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: something\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        iscsiLsFindsTargetAndUnits();
    }

    private static String run(String... command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (java.io.IOException e) {
            throw new IllegalStateException(
                    "cannot run "
                            + command[0]
                            + ": install libiscsi-bin, qemu-utils and"
                            + " qemu-block-extra",
                    e);
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }
}
