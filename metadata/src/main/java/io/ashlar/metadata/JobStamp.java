package io.ashlar.metadata;

import io.ashlar.common.NodeId;

/**
 * Who did something to a job, and when.
 *
 * @param node that proposed it
 * @param millis since 1970, by that node's wall clock: for people, nothing is decided by it
 * @param byOperator whether an operator asked for it
 */
public record JobStamp(NodeId node, long millis, boolean byOperator) {}
