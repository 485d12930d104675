package io.ashlar.systemtests.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class MultipathTest {
    private static final Map<String, String> PORTALS =
            Map.of("sda", "198.51.100.13", "sdb", "198.51.100.12", "sdc", "198.51.100.11");

    /** As multipath-tools 0.9.4 print it. */
    private static final String OWNER_DOWN =
            """
            mpatha (3602a5101dbd8a1ffa01ed7352e03b809) dm-0 ASHLAR,Volume
            size=256M features='1 queue_if_no_path' hwhandler='1 alua' wp=rw
            |-+- policy='service-time 0' prio=50 status=active
            | |- 1:0:0:0 sdb 8:16 active ready  running
            | `- 2:0:0:0 sdc 8:32 failed faulty running
            `-+- policy='service-time 0' prio=10 status=enabled
              `- 0:0:0:0 sda 8:0  active ready  running
            """;

    @Test
    void aPathThatIsDownDoesNotCountWhateverItsPriority() {
        // Protects the IT from a stale priority: a faulty path keeps the one that it had.
        Multipath multipath = Multipath.parse(OWNER_DOWN, PORTALS);
        assertThat(multipath.groups())
                .extracting(Multipath.Group::priority)
                .containsExactly(Multipath.OPTIMIZED, Multipath.NON_OPTIMIZED);
        assertThat(multipath.readyPaths()).isEqualTo(2);
        assertThat(multipath.isInUse("198.51.100.12")).isTrue();
        assertThat(multipath.isInUse("198.51.100.11")).isFalse();
        assertThat(multipath.isInUse("198.51.100.13")).isFalse();
    }

    @Test
    void noGroupIsInUseBeforeTheFirstIo() {
        // Protects the word "in use": optimized alone does not mean that I/O goes there.
        String idle = OWNER_DOWN.replace("status=active", "status=enabled");
        Multipath multipath = Multipath.parse(idle, PORTALS);
        assertThat(multipath.isOptimized("198.51.100.12")).isTrue();
        assertThat(multipath.isInUse("198.51.100.12")).isFalse();
    }
}
