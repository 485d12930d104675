/**
 * Where hosts' commands enter the cluster: stamps, splits and forwards them to the owners, and
 * answers. Public here means: to this module.
 */
@NullMarked
package io.ashlar.volume.ingress;

import org.jspecify.annotations.NullMarked;
