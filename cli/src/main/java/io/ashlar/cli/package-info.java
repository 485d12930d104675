/** The {@code ashlar} command: administration over the nodes' HTTP interface. */
@NullMarked
package io.ashlar.cli;

import org.jspecify.annotations.NullMarked;
