package io.ashlar.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.replication.PeerTransport.Lane;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerAddressesTest {
    /** Leases must not go by the port for data, nor the other way round. */
    @Test
    void eachLaneHasItsOwnAddressInANodesRecord() {
        var record = new NodeRecord.Addresses("i:1", "10.0.0.1:7", "[fe80::1]:8", "r:2", "a:3");
        PeerAddresses addresses =
                PeerAddresses.ofRecords(
                        node -> node.value() == 1 ? Optional.of(record) : Optional.empty());
        var data = addresses.address(Lane.DATA, new NodeId(1)).orElseThrow();
        assertThat(data.getHostString()).isEqualTo("10.0.0.1");
        assertThat(data.getPort()).isEqualTo(7);
        var liveness = addresses.address(Lane.LIVENESS, new NodeId(1)).orElseThrow();
        assertThat(liveness.getHostString()).isEqualTo("fe80::1");
        assertThat(liveness.getPort()).isEqualTo(8);
        assertThat(addresses.address(Lane.DATA, new NodeId(2))).isEmpty();
    }

    /** A mistake in a configuration is to be read in the log, not to connect somewhere else. */
    @ParameterizedTest
    @ValueSource(strings = {"", "host", ":7", "host:", "host:x", "host:65536", "fe80::1:7", "[]:7"})
    void whatIsNoAddressIsRefused(String text) {
        assertThatThrownBy(() -> PeerAddresses.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("host:port");
    }
}
