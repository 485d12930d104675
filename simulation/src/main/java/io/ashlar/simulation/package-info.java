/**
 * The deterministic simulation of a whole cluster: the shipping code on a virtual clock, in one
 * thread, from one seed, with faults (DESIGN section 10). Test support: no production code depends
 * on it.
 */
@NullMarked
package io.ashlar.simulation;

import org.jspecify.annotations.NullMarked;
