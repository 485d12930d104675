/**
 * Which nodes are alive, what hosts see of that, and who should own what. Public here means: to
 * this module.
 */
@NullMarked
package io.ashlar.volume.paths;

import org.jspecify.annotations.NullMarked;
