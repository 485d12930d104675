package io.ashlar.iscsi.scsi;

import java.util.List;

/**
 * LOG SENSE, SPC-4 section 6.8. Offered is only what can be told truly of a volume that many nodes
 * serve: it has no temperature, and what all hosts did by all nodes is counted nowhere.
 *
 * <pre>
 * 00h      supported pages
 * 00h/FFh  supported pages and subpages
 * 2Fh      informational exceptions: none, and no temperature is known
 * </pre>
 */
final class LogPages {
    private static final int SUPPORTED = 0x00;
    private static final int EXCEPTIONS = 0x2F;
    private static final int ALL_SUBPAGES = 0xFF;

    /** SPF: the page has a subpage code. */
    private static final int SUBPAGE_FORMAT = 0x40;

    /** DS: nothing is saved. */
    private static final int NOT_SAVED = 0x80;

    /** Parameters of a binary format list, which are not counted. */
    private static final int LIST_PARAMETER = 0x03;

    private static final int NO_TEMPERATURE = 0xFF;

    /** Page and subpage codes. */
    private record Page(int code, int subpage) {}

    private static final List<Page> PAGES =
            List.of(
                    new Page(SUPPORTED, 0),
                    new Page(SUPPORTED, ALL_SUBPAGES),
                    new Page(EXCEPTIONS, 0));

    private LogPages() {}

    static void sense(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        // which values are asked for (PC) makes no difference to lists, SPC-4 section 7.3.2
        Page page = new Page(cdb[2] & 0x3F, Cdb.u8(cdb, 3));
        int firstParameter = Cdb.u16(cdb, 5);
        if (!PAGES.contains(page) || firstParameter != 0) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        byte[] body = page.code == EXCEPTIONS ? exceptions() : supported(page.subpage != 0);
        byte[] data = new byte[4 + body.length];
        data[0] = (byte) (page.code | (page.subpage != 0 ? SUBPAGE_FORMAT : 0));
        if (page.code == EXCEPTIONS) {
            data[0] |= (byte) NOT_SAVED;
        }
        data[1] = (byte) page.subpage;
        Cdb.put16(data, 2, body.length);
        System.arraycopy(body, 0, data, 4, body.length);
        Inquiries.respond(task, data, Cdb.u16(cdb, 7));
    }

    private static byte[] supported(boolean withSubpages) {
        List<Page> listed =
                PAGES.stream().filter(page -> withSubpages || page.subpage == 0).toList();
        int each = withSubpages ? 2 : 1;
        byte[] body = new byte[listed.size() * each];
        for (int i = 0; i < listed.size(); i++) {
            body[i * each] = (byte) listed.get(i).code;
            if (withSubpages) {
                body[i * each + 1] = (byte) listed.get(i).subpage;
            }
        }
        return body;
    }

    /**
     * Its one parameter: no additional sense code, no temperature, and in the byte that is left to
     * vendors, where tools look for its threshold, none either.
     */
    private static byte[] exceptions() {
        byte[] parameter = new byte[8];
        parameter[2] = LIST_PARAMETER;
        parameter[3] = 4;
        parameter[6] = (byte) NO_TEMPERATURE;
        parameter[7] = (byte) NO_TEMPERATURE;
        return parameter;
    }
}
