package io.ashlar.iscsi.pdu;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers as they are on the wire, in {@code src/test/resources/pdu}. */
final class GoldenPduTest {
    private static final int KINDS = 8 + 10;

    /** Protects interoperability: offsets and flags are those of RFC 7143, both ways. */
    @ParameterizedTest
    @MethodSource("files")
    void decodesAndEncodesToTheSameBytes(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        byte[] bytes = bytes(lines);
        ByteBuf header = Unpooled.wrappedBuffer(bytes);
        ByteBuf out = Unpooled.buffer();
        String decoded;
        if (value(lines, "side").equals("initiator")) {
            InitiatorPdu pdu = InitiatorPdu.decode(header, new byte[0]);
            pdu.encode(out);
            decoded = pdu.toString();
        } else {
            TargetPdu pdu = TargetPdu.decode(header);
            pdu.encode(out);
            decoded = pdu.toString();
        }
        assertThat(decoded).isEqualTo(value(lines, "expect"));
        assertThat(HexFormat.of().formatHex(ByteBufUtil.getBytes(out)))
                .isEqualTo(HexFormat.of().formatHex(bytes));
    }

    /** Protects the collection itself: no kind of PDU is without an example. */
    @Test
    void everyKindOfPduHasAnExample() {
        assertThat(
                        files().map(GoldenPduTest::read)
                                .map(GoldenPduTest::bytes)
                                .map(bytes -> bytes[0] & 0x3F)
                                .distinct())
                .hasSize(KINDS);
    }

    static Stream<Path> files() {
        URL folder = GoldenPduTest.class.getResource("/pdu");
        try (Stream<Path> found = Files.list(Path.of(folder.toURI()))) {
            return found.sorted().toList().stream();
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> read(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(List<String> lines) {
        StringBuilder hex = new StringBuilder();
        lines.stream()
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> hex.append(line.replace(" ", "")));
        return HexFormat.of().parseHex(hex);
    }

    private static String value(List<String> lines, String name) {
        String prefix = "# " + name + ": ";
        return lines.stream()
                .filter(line -> line.startsWith(prefix))
                .findFirst()
                .orElseThrow()
                .substring(prefix.length());
    }
}
