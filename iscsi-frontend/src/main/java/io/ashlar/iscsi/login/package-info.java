/** Login and text negotiation, RFC 7143 sections 6 and 13. No I/O. */
@NullMarked
package io.ashlar.iscsi.login;

import org.jspecify.annotations.NullMarked;
