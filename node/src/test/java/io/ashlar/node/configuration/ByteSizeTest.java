package io.ashlar.node.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    /** Protects the sizes that people write. */
    @ParameterizedTest
    @CsvSource({
        "1GiB, 1073741824", "1 GiB, 1073741824", "1g, 1073741824", "512MiB, 536870912",
        "4096, 4096", "4096B, 4096", "64KiB, 65536", "2TiB, 2199023255552"
    })
    void readsSizes(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
    }

    /** Protects against sizes that are not what was meant. */
    @ParameterizedTest
    @ValueSource(strings = {"", "GiB", "1GB", "-1", "1.5GiB", "99999999999PiB", "1 GiBs"})
    void refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Protects what people read. */
    @Test
    void writesSizes() {
        assertThat(ByteSize.format(0)).isEqualTo("0 B");
        assertThat(ByteSize.format(1000)).isEqualTo("1000 B");
        assertThat(ByteSize.format(1L << 30)).isEqualTo("1 GiB");
        assertThat(ByteSize.format(3L << 29)).isEqualTo("1536 MiB");
        assertThat(ByteSize.format((1L << 30) + 1)).isEqualTo("1.0 GiB");
        assertThat(ByteSize.format(1_234_567)).isEqualTo("1.2 MiB");
    }
}
