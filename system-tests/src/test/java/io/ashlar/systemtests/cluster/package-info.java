/** Starts, breaks and watches development clusters, by the commands that an operator has. */
package io.ashlar.systemtests.cluster;
