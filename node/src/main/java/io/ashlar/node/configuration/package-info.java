/** The node's configuration file: what may stand in it, and what to say when it is wrong. */
@NullMarked
package io.ashlar.node.configuration;

import org.jspecify.annotations.NullMarked;
