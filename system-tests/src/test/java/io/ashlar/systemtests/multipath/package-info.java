/** A host with several paths to one logical unit, as open-iscsi and dm-multipath make it. */
package io.ashlar.systemtests.multipath;
