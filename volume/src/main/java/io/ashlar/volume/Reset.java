package io.ashlar.volume;

/**
 * Why all commands of everybody for a volume end, and its session reservations with them. What is
 * done is the same; what others are told differs (SAM-5 section 5.14.2).
 */
public enum Reset {
    /** LOGICAL UNIT RESET. */
    LOGICAL_UNIT,
    /** TARGET WARM RESET: a hard reset of all that the asking host sees. */
    TARGET,
    /** TARGET COLD RESET: the same, as if power had been lost. */
    POWER_ON
}
