/** The only place that knows of sockets: Netty channels around the machines of {@code session}. */
@NullMarked
package io.ashlar.iscsi.transport;

import org.jspecify.annotations.NullMarked;
