package io.ashlar.iscsi.login;

import io.ashlar.common.Secret;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The arithmetic of CHAP, RFC 7143 section 12.1.3 and RFC 1994 section 4.1. */
enum Chap {
    MD5(5, "MD5", 16),
    SHA_256(7, "SHA-256", 32);

    /** Longest binary value of a key, in bytes, section 12.1.3. */
    static final int BINARY_BYTES_MAX = 1024;

    /** Identifiers are one byte. */
    static final int IDENTIFIER_MAX = 255;

    private final int code;
    private final String digest;
    private final int responseBytes;

    Chap(int code, String digest, int responseBytes) {
        this.code = code;
        this.digest = digest;
        this.responseBytes = responseBytes;
    }

    /** Its number in CHAP_A. */
    int code() {
        return code;
    }

    /** Length of a response, in bytes. */
    int responseBytes() {
        return responseBytes;
    }

    /** The first algorithm of a CHAP_A list that is known here, else null. */
    static @Nullable Chap firstKnown(String list) {
        for (String offer : list.split(",", -1)) {
            int number = Negotiation.number(offer, 0, IDENTIFIER_MAX);
            for (Chap known : values()) {
                if (known.code == number) {
                    return known;
                }
            }
        }
        return null;
    }

    byte[] response(int identifier, Secret secret, byte[] challenge) {
        MessageDigest hash;
        try {
            hash = MessageDigest.getInstance(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + digest, e);
        }
        hash.update((byte) identifier);
        hash.update(secret.reveal());
        hash.update(challenge);
        return hash.digest();
    }

    static String encode(byte[] binary) {
        return "0x" + HexFormat.of().formatHex(binary);
    }

    /** A binary value in hexadecimal or base64, section 6.1; null if it is none or too long. */
    static byte @Nullable [] decode(String value) {
        if (value.length() > 2 + 2 * BINARY_BYTES_MAX) {
            return null;
        }
        String start = value.substring(0, Math.min(2, value.length())).toLowerCase(Locale.ROOT);
        try {
            byte[] binary =
                    switch (start) {
                        case "0x" -> HexFormat.of().parseHex(value, 2, value.length());
                        case "0b" -> Base64.getDecoder().decode(value.substring(2));
                        default -> null;
                    };
            return binary == null || binary.length == 0 || binary.length > BINARY_BYTES_MAX
                    ? null
                    : binary;
        } catch (IllegalArgumentException notBinary) {
            return null;
        }
    }
}
