package io.ashlar.common;

/**
 * Bytes that nobody can foresee, for challenges. Given, like all randomness, so that tests know
 * what comes; safe for use by any thread.
 */
@FunctionalInterface
public interface Nonces {
    /** So many fresh bytes, which the caller owns. */
    byte[] next(int bytes);

    /** The system's, fit for cryptography; it does not wait for entropy once the system is up. */
    static Nonces system() {
        java.security.SecureRandom random = new java.security.SecureRandom();
        return count -> {
            byte[] bytes = new byte[count];
            random.nextBytes(bytes);
            return bytes;
        };
    }
}
