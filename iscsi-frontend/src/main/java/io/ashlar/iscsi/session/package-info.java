/** Connections, sessions and tasks of RFC 7143 as state machines without I/O. */
@NullMarked
package io.ashlar.iscsi.session;

import org.jspecify.annotations.NullMarked;
