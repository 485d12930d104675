/** Nodes die under load, and nobody who waits may notice more than the wait. */
package io.ashlar.systemtests.failover;
