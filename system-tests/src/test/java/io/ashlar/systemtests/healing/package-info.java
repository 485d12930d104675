/** Disks that rot, fail and fill up under real processes. */
package io.ashlar.systemtests.healing;
