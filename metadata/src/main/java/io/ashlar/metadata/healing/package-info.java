/**
 * What the control loop decides: what the leader of the control plane has moved when nodes come and
 * go.
 */
@NullMarked
package io.ashlar.metadata.healing;

import org.jspecify.annotations.NullMarked;
