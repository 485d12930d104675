package io.ashlar.systemtests.iscsi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key=value pairs, each ended by a zero byte (RFC 7143 section 6.1). */
final class TextKeys {
    private TextKeys() {}

    static byte[] encode(Map<String, String> keys) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        keys.forEach((key, value) -> {
            out.writeBytes((key + "=" + value).getBytes(StandardCharsets.UTF_8));
            out.write(0);
        });
        return out.toByteArray();
    }

    /** In the order of the wire; a key may come more than once (SendTargets' answer). */
    static List<Map.Entry<String, String>> decode(byte[] text) throws ProtocolViolation {
        List<Map.Entry<String, String>> pairs = new ArrayList<>();
        for (String pair : new String(text, StandardCharsets.UTF_8).split("\0")) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw new ProtocolViolation("text without '=': " + pair);
            }
            pairs.add(Map.entry(pair.substring(0, equals), pair.substring(equals + 1)));
        }
        return pairs;
    }

    static Map<String, String> decodeUnique(byte[] text) throws ProtocolViolation {
        Map<String, String> keys = new LinkedHashMap<>();
        for (Map.Entry<String, String> pair : decode(text)) {
            if (keys.put(pair.getKey(), pair.getValue()) != null) {
                throw new ProtocolViolation("key twice: " + pair.getKey());
            }
        }
        return keys;
    }
}
