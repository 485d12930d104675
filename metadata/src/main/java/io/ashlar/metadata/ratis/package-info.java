/**
 * The consensus engine made of Apache Ratis (docs/adr/0001). Nothing of Ratis leaves this package.
 */
@NullMarked
package io.ashlar.metadata.ratis;

import org.jspecify.annotations.NullMarked;
