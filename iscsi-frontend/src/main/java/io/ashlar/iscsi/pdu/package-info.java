/** The PDUs of RFC 7143 section 11: one class each, decode and encode side by side, no I/O. */
@NullMarked
package io.ashlar.iscsi.pdu;

import org.jspecify.annotations.NullMarked;
