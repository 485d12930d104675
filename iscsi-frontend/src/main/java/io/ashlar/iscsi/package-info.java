/**
 * The iSCSI target: RFC 7143 and the SCSI command set on top of {@code io.ashlar.volume}. {@link
 * io.ashlar.iscsi.IscsiTarget} is all that a node needs.
 */
@NullMarked
package io.ashlar.iscsi;

import org.jspecify.annotations.NullMarked;
