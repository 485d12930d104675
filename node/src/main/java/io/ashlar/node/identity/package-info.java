/** Who this node is: its identity on disk, and the incarnation of each start. */
@NullMarked
package io.ashlar.node.identity;

import org.jspecify.annotations.NullMarked;
