/** Planned moves of volumes. */
package io.ashlar.systemtests.moves;
