/** The owner's side of requests to placement groups. */
@NullMarked
package io.ashlar.replication.client;

import org.jspecify.annotations.NullMarked;
