/** More initiators than a node has memory for. */
package io.ashlar.systemtests.overload;
