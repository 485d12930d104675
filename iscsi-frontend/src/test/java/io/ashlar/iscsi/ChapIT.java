package io.ashlar.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Secret;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** CHAP on a real socket, by Debian's tools ({@code libiscsi-bin}, {@code qemu-utils}). */
final class ChapIT {
    private static final String HOST = "iqn.2026-11.test:chap";
    private static final String SECRET = "correct-horse-1";
    private static final String TARGET_SECRET = "battery-staple-2";

    private final RamVolumeService volumes = RamTargetMain.volumes();
    private final List<IscsiTarget> targets = RamTargetMain.start(volumes, "127.0.0.1", 0);
    private final int port = targets.getFirst().address().getPort();

    ChapIT() {
        volumes.chap(
                HOST, new ChapSecrets(Secret.of(SECRET), Optional.of(Secret.of(TARGET_SECRET))));
    }

    @AfterEach
    void stop() {
        targets.forEach(IscsiTarget::close);
    }

    private record Run(int exit, String output) {}

    private String portal(String secret) {
        String user = secret.isEmpty() ? "" : HOST + "%" + secret + "@";
        return "iscsi://" + user + "127.0.0.1:" + port + "/";
    }

    private String unit(String secret, String more) {
        return portal(secret) + RamTargetMain.NAME + "/0" + more;
    }

    private static String mutual(String secret) {
        return "?target_user=" + RamTargetMain.NAME + "&target_password=" + secret;
    }

    /** Protects hosts with the secret: discovery and login work. */
    @Test
    void whoHasTheSecretFindsAndReadsTheUnits() throws Exception {
        Run list = run("iscsi-ls", "-s", "-i", HOST, portal(SECRET));
        assertThat(list.output()).contains("Target:" + RamTargetMain.NAME).contains("Lun:0");
        Run inquiry = run("iscsi-inq", "-i", HOST, unit(SECRET, ""));
        assertThat(inquiry.exit()).as(inquiry.output()).isZero();
        assertThat(inquiry.output()).containsIgnoringCase("Ashlar");
    }

    /** Protects volumes: without the secret, or with a wrong one, nothing is seen. */
    @Test
    void whoHasItNotSeesNothing() throws Exception {
        for (String secret : List.of("", "correct-horse-2")) {
            Run list = run("iscsi-ls", "-s", "-i", HOST, portal(secret));
            assertThat(list.exit()).as(list.output()).isNotZero();
            assertThat(list.output()).doesNotContain("Lun:").doesNotContain(RamTargetMain.NAME);
            Run inquiry = run("iscsi-inq", "-i", HOST, unit(secret, ""));
            assertThat(inquiry.exit()).as(inquiry.output()).isNotZero();
            assertThat(inquiry.output()).contains("Authentication failure");
        }
    }

    /** Protects hosts from a false target: the right secret is taken, a wrong one is noticed. */
    @Test
    void theTargetProvesItself() throws Exception {
        Run right = run("iscsi-inq", "-i", HOST, unit(SECRET, mutual(TARGET_SECRET)));
        assertThat(right.exit()).as(right.output()).isZero();
        Run wrong = run("iscsi-inq", "-i", HOST, unit(SECRET, mutual("battery-staple-3")));
        assertThat(wrong.exit()).as(wrong.output()).isNotZero();
        assertThat(wrong.output()).contains("Invalid CHAP_R response from the target");
    }

    /** Protects all other hosts: they log in as before. */
    @Test
    void othersNeedNoSecret() throws Exception {
        Run inquiry = run("iscsi-inq", "-i", "iqn.2026-11.test:plain", unit("", ""));
        assertThat(inquiry.exit()).as(inquiry.output()).isZero();
    }

    private static Run run(String... command) throws Exception {
        List<String> words = new ArrayList<>(List.of(command));
        Process process;
        try {
            process = new ProcessBuilder(words).redirectErrorStream(true).start();
        } catch (java.io.IOException e) {
            throw new IllegalStateException(
                    "cannot run " + command[0] + ": install libiscsi-bin", e);
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Run(process.exitValue(), output);
    }
}
