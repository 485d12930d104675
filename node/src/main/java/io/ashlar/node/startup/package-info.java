/** How a node comes up and goes down: checks, logging, registration, founding, and the wiring. */
@NullMarked
package io.ashlar.node.startup;

import org.jspecify.annotations.NullMarked;
