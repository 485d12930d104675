/** Who uses the simulated cluster, and who breaks it. */
@NullMarked
package io.ashlar.simulation.workload;

import org.jspecify.annotations.NullMarked;
