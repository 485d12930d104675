package io.ashlar.iscsi.login;

import io.ashlar.common.WireFormatException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** The text format {@code key=value\0}, RFC 7143 section 6.1. */
public final class TextKeys {
    /** Longest key, in characters. */
    static final int KEY_LENGTH_MAX = 63;

    /** Longest value, in bytes; section 6.1 gives it for all but binary ones. */
    static final int VALUE_BYTES_MAX = 8192;

    private TextKeys() {}

    /**
     * Parses the whole of a (joined) data segment.
     *
     * @throws WireFormatException if it is none, or a key comes twice
     */
    public static SequencedMap<String, String> parse(byte[] text, int length) {
        SequencedMap<String, String> keys = new LinkedHashMap<>();
        int at = 0;
        while (at < length) {
            int end = at;
            while (end < length && text[end] != 0) {
                end++;
            }
            if (end == at) {
                // padding that some initiators count as text
                at++;
                continue;
            }
            String pair = new String(text, at, end - at, StandardCharsets.UTF_8);
            int equals = pair.indexOf('=');
            if (equals < 1 || equals > KEY_LENGTH_MAX || !isKey(pair, equals)) {
                throw new WireFormatException("text without a key");
            }
            String value = pair.substring(equals + 1);
            if (value.length() > VALUE_BYTES_MAX) {
                throw new WireFormatException("value of " + value.length() + " characters");
            }
            if (keys.putIfAbsent(pair.substring(0, equals), value) != null) {
                throw new WireFormatException("a key is given twice");
            }
            at = end + 1;
        }
        return keys;
    }

    /** Visible ASCII, as all keys of section 6.1 are: keys are sent back, and go into logs. */
    private static boolean isKey(String pair, int length) {
        for (int i = 0; i < length; i++) {
            char c = pair.charAt(i);
            if (c <= ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    public static byte[] format(Map<String, String> keys) {
        StringBuilder text = new StringBuilder();
        keys.forEach((key, value) -> append(text, key, value));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Adds one pair; the same key may come again, as TargetName does in SendTargets. */
    public static void append(StringBuilder text, String key, String value) {
        text.append(key).append('=').append(value).append('\0');
    }
}
