/**
 * Reservations of a volume in neutral terms, seen by SCSI as persistent reservations (SPC-4 section
 * 5.13) and by NVMe as reservations (NVMe base specification section 8.19): who is registered with
 * which key, who holds what, and what each change does. Plain immutable values, no clock, no I/O.
 */
@NullMarked
package io.ashlar.common.reservation;

import org.jspecify.annotations.NullMarked;
