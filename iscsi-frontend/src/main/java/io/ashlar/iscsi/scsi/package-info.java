/** The SCSI command set, SPC-4 and SBC-3, of a logical unit that is a volume. No I/O of its own. */
@NullMarked
package io.ashlar.iscsi.scsi;

import org.jspecify.annotations.NullMarked;
