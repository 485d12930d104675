/**
 * A small iSCSI initiator in user space, written from RFC 7143 and knowing nothing of this
 * project's target.
 */
package io.ashlar.systemtests.iscsi;
