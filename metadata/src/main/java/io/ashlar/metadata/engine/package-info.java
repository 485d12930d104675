/**
 * What the control plane needs of a consensus engine, in words that no engine owns. Nothing of an
 * engine crosses this boundary; one suite of contract tests holds for any.
 */
@NullMarked
package io.ashlar.metadata.engine;

import org.jspecify.annotations.NullMarked;
