package io.ashlar.common;

import java.util.Optional;

/**
 * What a host and the target prove to each other with at a login (CHAP, RFC 7143 section 12.1.3).
 *
 * @param initiator the host's, which proves that it is that host
 * @param target the target's, by which the host can ask it to prove itself; another one
 */
public record ChapSecrets(Secret initiator, Optional<Secret> target) {
    /** Shortest secret, in bytes: 96 bits, section 12.1.3. */
    public static final int BYTES_MIN = 12;

    /** Longest, in bytes. Some initiators take no more than 16. */
    public static final int BYTES_MAX = 128;
}
