/**
 * The metadata module's binary formats, on disk in Raft's log and snapshots and on the wire between
 * nodes. Every one is framed by {@link io.ashlar.metadata.wire.Frame}.
 */
@NullMarked
package io.ashlar.metadata.wire;

import org.jspecify.annotations.NullMarked;
