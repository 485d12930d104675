package io.ashlar.volume.owner;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.volume.owner.HostFence.Verdict;
import org.junit.jupiter.api.Test;

/** The admission rule by itself. */
class HostFenceTest {
    private static final ProcessId A = new ProcessId(new NodeId(1), 1);
    private static final ProcessId B = new ProcessId(new NodeId(2), 1);

    private final HostFence host = new HostFence("host", FenceRules.ALL);

    @Test
    void asksForTicketThenPingThenDrain() {
        assertThat(host.verdict(A, 5, 5, 5, 0)).isEqualTo(Verdict.REFUSE);
        assertThat(host.verdict(A, 6, 5, 5, 0)).isEqualTo(Verdict.PING);
        assertThat(host.verdict(A, 6, 6, 5, 0)).isEqualTo(Verdict.ADMIT);
        host.mark(A, 10);
        host.onAdmitted(A);
        assertThat(host.verdict(A, 6, 6, 5, 0)).isEqualTo(Verdict.ADMIT);
        assertThat(host.verdict(B, 10, 11, 5, 0)).isEqualTo(Verdict.REFUSE);
        assertThat(host.verdict(B, 11, 10, 5, 0)).isEqualTo(Verdict.PING);
        assertThat(host.verdict(B, 11, 11, 5, 0)).isEqualTo(Verdict.DRAIN);
        host.onDecided(A);
        assertThat(host.verdict(B, 11, 11, 5, 0)).isEqualTo(Verdict.ADMIT);
    }

    /** After a reset everything of before is refused, by whatever path. */
    @Test
    void aResetIsForAllPaths() {
        host.mark(A, 10);
        assertThat(host.verdict(A, 12, 12, 5, 12)).isEqualTo(Verdict.REFUSE);
        assertThat(host.verdict(A, 13, 12, 5, 12)).isEqualTo(Verdict.ADMIT);
    }

    /** A former process of the same node is another ingress. */
    @Test
    void aRestartedIngressIsAnother() {
        host.mark(new ProcessId(A.node(), 2), 10);
        assertThat(host.verdict(A, 10, 11, 0, 0)).isEqualTo(Verdict.REFUSE);
    }

    /** However many ingress processes there were, none is forgotten to the permissive side. */
    @Test
    void forgettingIsStrict() {
        for (int i = 1; i <= 500; i++) {
            host.mark(new ProcessId(new NodeId(3), i), i);
        }
        assertThat(host.markOfOthers(A)).isEqualTo(500);
        assertThat(host.markOfOthers(new ProcessId(new NodeId(3), 500))).isEqualTo(499);
        assertThat(host.markOfOthers(new ProcessId(new NodeId(3), 2))).isEqualTo(500);
    }
}
