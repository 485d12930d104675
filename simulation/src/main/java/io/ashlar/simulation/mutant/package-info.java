/** What is broken on purpose, to show that the simulation would notice: docs/simulation.md. */
@NullMarked
package io.ashlar.simulation.mutant;

import org.jspecify.annotations.NullMarked;
