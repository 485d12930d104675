/**
 * The cluster's control state: what it is, the commands that change it, and the client by which a
 * node reads and changes it. The state machine is pure; the Raft engine below it is replaceable.
 */
@NullMarked
package io.ashlar.metadata;

import org.jspecify.annotations.NullMarked;
