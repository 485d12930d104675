/**
 * What each node replicates: the control state, and the sessions that keep commands from applying
 * twice.
 */
@NullMarked
package io.ashlar.metadata.replica;

import org.jspecify.annotations.NullMarked;
