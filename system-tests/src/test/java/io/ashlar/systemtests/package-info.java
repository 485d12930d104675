/** Whole clusters, of real processes, against programs that nobody here wrote. */
package io.ashlar.systemtests;
