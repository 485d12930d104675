/**
 * The daemon: its configuration, its identity on disk, the administration interface, and the wiring
 * of the other modules into one process.
 */
@NullMarked
package io.ashlar.node;

import org.jspecify.annotations.NullMarked;
