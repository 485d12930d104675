/** A node's commands on their way to the log, and its watchers of what comes out. */
@NullMarked
package io.ashlar.metadata.submission;

import org.jspecify.annotations.NullMarked;
