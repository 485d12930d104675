package io.ashlar.common.reservation;

/**
 * A registrant's key.
 *
 * @param key never 0
 * @param formerKey what its registrant gave as its key when it registered this one, 0 if it was not
 *     registered: tells a repetition of that very command
 */
public record Registration(long key, long formerKey) {}
