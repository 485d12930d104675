/** The Linux kernel as initiator: open-iscsi and dm-multipath in a small emulated machine. */
package io.ashlar.systemtests.kernel;
