/** What is checked: the history of every register, and what the disks hold at each instant. */
@NullMarked
package io.ashlar.simulation.check;

import org.jspecify.annotations.NullMarked;
