/**
 * What the owner of a volume does: installs its access epoch, admits or refuses, issues to the
 * placement groups in order. Public here means: to this module.
 */
@NullMarked
package io.ashlar.volume.owner;

import org.jspecify.annotations.NullMarked;
