/**
 * The simulated world: time, processes, network, disks and the control log, all on one thread and
 * one virtual clock, all from one seed. The shipping code runs on it unchanged (DESIGN section 10).
 */
@NullMarked
package io.ashlar.simulation.world;

import org.jspecify.annotations.NullMarked;
