package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.session.Initiator.Answer;
import io.ashlar.volume.AssociationListener;
import org.junit.jupiter.api.Test;

/** What a session learns of when other volumes are mapped to its host. */
final class MappingChangeTest {
    private static final String TEST_UNIT_READY = "00";
    private static final String REPORT_LUNS = "a0 00 00 000000 00000100 00 00";
    private static final int LUN_BYTES = 8;

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final Initiator initiator = Initiator.loggedIn(Initiator.target(volumes), shard);

    /** Status, and sense key with code if there is sense. */
    private String testUnitReady() {
        initiator.command(TEST_UNIT_READY, 0, false, false, new byte[0]);
        Answer answer = initiator.answers.poll();
        byte[] data = answer.data();
        int status = ((ScsiResponsePdu) answer.pdu()).status();
        return data.length == 0
                ? "%02x".formatted(status)
                : "%02x %02x/%02x/%02x"
                        .formatted(status, data[2 + 2] & 0x0F, data[2 + 12], data[2 + 13]);
    }

    /** Protects hosts from going on with a list of volumes that is out of date: 3F/0E, once. */
    @Test
    void aChangedMappingIsToldToTheNextCommand() {
        assertThat(testUnitReady()).isEqualTo("00");
        volumes.with(7, 1 << 20, 512, false);
        volumes.tellAll(AssociationListener::volumesChanged);
        shard.run();
        assertThat(testUnitReady()).isEqualTo("02 06/3f/0e");
        assertThat(testUnitReady()).isEqualTo("00");
    }

    /** Protects hosts that look by themselves: REPORT LUNS tells the news and clears it. */
    @Test
    void reportLunsShowsTheNewUnitAndClearsTheAttention() {
        volumes.with(7, 1 << 20, 512, false);
        volumes.tellAll(AssociationListener::volumesChanged);
        shard.run();
        initiator.command(REPORT_LUNS, 256, true, false, new byte[0]);
        byte[] luns = initiator.answers.peek().data();
        initiator.next(DataInPdu.class);
        assertThat(luns[3]).isEqualTo((byte) (3 * LUN_BYTES));
        assertThat(luns[LUN_BYTES + 2 * LUN_BYTES + 1]).isEqualTo((byte) 7);
        initiator.answers.clear();
        assertThat(testUnitReady()).isEqualTo("00");
    }
}
