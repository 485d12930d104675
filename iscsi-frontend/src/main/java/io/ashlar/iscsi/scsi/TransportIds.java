package io.ashlar.iscsi.scsi;

import io.ashlar.iscsi.login.InitiatorNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * TransportIDs of iSCSI initiator ports, SPC-4 section 7.6.4.6: protocol identifier 5h, format 01b,
 * {@code name,i,0xISID}, a zero, and zeros up to a multiple of four bytes. The format that names a
 * device instead of a port is refused, since registrations are of ports.
 */
final class TransportIds {
    private static final int PORT_FORMAT_ISCSI = 0x45;
    private static final int HEADER_BYTES = 4;
    private static final int BYTES_MIN = 24;

    /** What follows the header: a name of 223 letters, the ISID, zeros. */
    private static final int NAME_BYTES_MAX = 244;

    private static final String SEPARATOR = ",i,0x";
    private static final int ISID_DIGITS = 12;

    private TransportIds() {}

    static byte[] encode(String initiatorPort) {
        byte[] name = initiatorPort.getBytes(StandardCharsets.UTF_8);
        int padded = (name.length + 1 + 3) / 4 * 4;
        byte[] bytes = new byte[Math.max(BYTES_MIN, HEADER_BYTES + padded)];
        bytes[0] = PORT_FORMAT_ISCSI;
        Cdb.put16(bytes, 2, bytes.length - HEADER_BYTES);
        System.arraycopy(name, 0, bytes, HEADER_BYTES, name.length);
        return bytes;
    }

    /** Bytes of the one that begins there; 0 if there is no whole one. */
    static int bytesAt(byte[] list, int at, int end) {
        if (end - at < BYTES_MIN) {
            return 0;
        }
        int bytes = HEADER_BYTES + Cdb.u16(list, at + 2);
        return bytes < BYTES_MIN
                        || bytes % 4 != 0
                        || bytes > HEADER_BYTES + NAME_BYTES_MAX
                        || bytes > end - at
                ? 0
                : bytes;
    }

    /** The initiator port; null if it is none of iSCSI. */
    static @Nullable String decode(byte[] list, int at, int bytes) {
        if ((list[at] & 0xFF) != PORT_FORMAT_ISCSI) {
            return null;
        }
        byte[] text = Arrays.copyOfRange(list, at + HEADER_BYTES, at + bytes);
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        String port = new String(text, 0, length, StandardCharsets.UTF_8).toLowerCase(Locale.ROOT);
        int separator = port.lastIndexOf(SEPARATOR);
        if (length == text.length
                || separator <= 0
                || !InitiatorNames.isName(port.substring(0, separator))) {
            return null;
        }
        String isid = port.substring(separator + SEPARATOR.length());
        if (isid.isEmpty()
                || isid.length() > ISID_DIGITS
                || !isid.chars().allMatch(HexFormat::isHexDigit)) {
            return null;
        }
        return port.substring(0, separator)
                + SEPARATOR
                + "0".repeat(ISID_DIGITS - isid.length())
                + isid;
    }
}
