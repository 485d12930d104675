/** Leases between processes: who may read from its own store, and who may ask for promotion. */
@NullMarked
package io.ashlar.replication.lease;

import org.jspecify.annotations.NullMarked;
