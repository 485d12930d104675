/** Measurements that decisions rest on; each prints a table. */
@NullMarked
package io.ashlar.benchmarks;

import org.jspecify.annotations.NullMarked;
