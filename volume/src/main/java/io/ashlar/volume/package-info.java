/**
 * What a front end sees: block devices with access state, fenced and forwarded to their owners.
 * Front ends use the types of this package only.
 */
@NullMarked
package io.ashlar.volume;

import org.jspecify.annotations.NullMarked;
