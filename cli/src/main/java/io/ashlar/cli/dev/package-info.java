/** The development cluster: real node processes on this machine's loopback addresses. */
@NullMarked
package io.ashlar.cli.dev;

import org.jspecify.annotations.NullMarked;
