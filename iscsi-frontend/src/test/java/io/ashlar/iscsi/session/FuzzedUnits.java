package io.ashlar.iscsi.session;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.fuzz.Claim;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.R2tPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.scsi.LegalSense;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Logical units with two initiators: carries commands out from their PDUs to the volumes and back,
 * and looks at each answer. Unit 0 has blocks of 512 bytes, unit 1 is read-only, unit 2 has blocks
 * of 4096 bytes.
 */
final class FuzzedUnits {
    private static final int UNITS = 3;
    private static final int UNIT_BYTES = 128 * 1024;
    private static final int IMMEDIATE_BYTES_MAX = 8192;
    private static final int RESPONSE_BYTES_MAX = 1 << 20;
    private static final int READ_ONLY_UNIT = 1;
    private static final int GOOD = 0x00;
    private static final int CHECK_CONDITION = 0x02;
    private static final int RESERVATION_CONFLICT = 0x18;
    private static final int EXTENDED_COPY = 0x83;

    /**
     * How a command ended.
     *
     * @param key of its sense data, negative if it has none
     */
    record Outcome(int status, int key, int code, byte[] data) {
        boolean isGood() {
            return status == GOOD;
        }
    }

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes =
            new RamVolumeService()
                    .with(0, UNIT_BYTES, 512, false)
                    .with(1, UNIT_BYTES, 512, true)
                    .with(2, UNIT_BYTES, 4096, false);
    private final TargetContext target = Initiator.target(volumes);
    private final Initiator[] hosts = {new Initiator(target, shard), new Initiator(target, shard)};
    private int tag;

    FuzzedUnits() {
        for (Initiator host : hosts) {
            host.isid += host == hosts[0] ? 0 : 1;
            host.login();
            host.answers.clear();
            for (int lun = 0; lun < UNITS; lun++) {
                run(host == hosts[0] ? 0 : 1, lun, new byte[16], false, false, 0, new byte[0]);
            }
        }
    }

    /** A command without data of its own. */
    Outcome ask(int host, int lun, String cdb, int expected) {
        byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex(cdb.replace(" ", "")), 16);
        return run(host, lun, bytes, true, false, expected, new byte[0]);
    }

    /**
     * Carries out one command.
     *
     * @param expected what the initiator says to send or to take, in bytes, unsigned
     * @param data what it sends; zeros after that
     */
    Outcome run(
            int host, int lun, byte[] cdb, boolean read, boolean write, int expected, byte[] data) {
        Initiator initiator = hosts[host];
        long before = volumes.changes();
        int mine = ++tag;
        long offered = write ? Integer.toUnsignedLong(expected) : 0;
        int immediate = (int) Math.min(Math.min(offered, data.length), IMMEDIATE_BYTES_MAX);
        initiator.send(
                new ScsiCommandPdu(
                        false,
                        true,
                        read,
                        write,
                        1,
                        (long) lun << 48,
                        mine,
                        expected,
                        initiator.cmdSn++,
                        0,
                        cdb),
                Arrays.copyOf(data, immediate));
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        Outcome outcome = null;
        while (!initiator.answers.isEmpty()) {
            Claim.that(outcome == null, "a command ends once");
            Initiator.Answer answer = initiator.answers.poll();
            switch (answer.pdu()) {
                case R2tPdu r2t -> send(initiator, mine, r2t, offered, data);
                case DataInPdu part -> {
                    Claim.that(part.initiatorTaskTag() == mine, "data of this command");
                    Claim.that(part.bufferOffset() == in.size(), "data without gaps");
                    in.writeBytes(answer.data());
                    if (part.withStatus()) {
                        outcome = new Outcome(part.status(), -1, 0, in.toByteArray());
                        check(part, in.size(), expected);
                    }
                }
                case ScsiResponsePdu response -> {
                    Claim.that(response.initiatorTaskTag() == mine, "status of this command");
                    Claim.that(response.response() == 0, "it has a status");
                    outcome = outcome(response.status(), answer.data(), in.toByteArray());
                }
                default -> throw new AssertionError("unexpected " + answer.pdu());
            }
        }
        Claim.that(!initiator.closed, "the session stands");
        if (outcome == null) {
            throw new AssertionError("no answer to " + HexFormat.of().formatHex(cdb));
        }
        Claim.within(outcome.data.length, 0, RESPONSE_BYTES_MAX, "length of a response");
        Claim.within(outcome.data.length, 0, AllocationLength.of(cdb), "data beyond the CDB's");
        Claim.that(target.budget().used() == 0, "all memory of a command is given back");
        checkEffects(outcome, cdb, lun, before);
        return outcome;
    }

    private void checkEffects(Outcome outcome, byte[] cdb, int lun, long before) {
        boolean none =
                LegalSense.isBeforeAnyEffect(outcome.key)
                        || (outcome.status == RESERVATION_CONFLICT
                                && (cdb[0] & 0xFF) != EXTENDED_COPY);
        Claim.that(!none || volumes.changes() == before, "a refused command does nothing");
        // reservations are no change of what is read
        boolean reserves = cdb[0] == 0x5F || cdb[0] == 0x16 || cdb[0] == 0x56;
        boolean releases = cdb[0] == 0x17 || cdb[0] == 0x57;
        boolean copies = (cdb[0] & 0xFF) == EXTENDED_COPY; // to another unit
        Claim.that(
                lun != READ_ONLY_UNIT
                        || reserves
                        || releases
                        || copies
                        || volumes.changes() == before,
                "a read-only unit stays as it is");
    }

    private void send(Initiator initiator, int task, R2tPdu r2t, long offered, byte[] data) {
        Claim.that(r2t.initiatorTaskTag() == task, "R2T of this command");
        Claim.within(
                (long) r2t.bufferOffset() + r2t.length(), 1, offered, "what is asked for by R2T");
        byte[] whole = new byte[r2t.length()];
        int there = Math.clamp(data.length - r2t.bufferOffset(), 0, whole.length);
        System.arraycopy(data, Math.min(r2t.bufferOffset(), data.length), whole, 0, there);
        int dataSn = 0;
        for (int at = 0; at < whole.length; ) {
            int bytes = Math.min(IMMEDIATE_BYTES_MAX, whole.length - at);
            initiator.send(
                    new DataOutPdu(
                            at + bytes == whole.length,
                            0,
                            task,
                            r2t.targetTransferTag(),
                            0,
                            dataSn++,
                            r2t.bufferOffset() + at),
                    Arrays.copyOfRange(whole, at, at + bytes));
            at += bytes;
        }
    }

    private static void check(DataInPdu last, int bytes, int expected) {
        long wanted = Integer.toUnsignedLong(expected);
        long residual = Integer.toUnsignedLong(last.residual());
        Claim.that(!(last.overflow() && last.underflow()), "one kind of residual");
        Claim.that(
                bytes == (last.underflow() ? wanted - residual : wanted),
                "a residual that is true");
    }

    private static Outcome outcome(int status, byte[] segment, byte[] data) {
        if (status != CHECK_CONDITION) {
            Claim.that(
                    status == GOOD
                            || status == 0x08
                            || status == RESERVATION_CONFLICT
                            || status == 0x28,
                    "a status that there is");
            Claim.that(segment.length == 0, "no sense data without CHECK CONDITION");
            return new Outcome(status, -1, 0, data);
        }
        int length = (segment[0] & 0xFF) << 8 | segment[1] & 0xFF;
        Claim.that(length == segment.length - 2 && length >= 8, "sense data as long as it says");
        boolean descriptors = segment[2] == 0x72;
        Claim.that(descriptors || (segment[2] & 0x7F) == 0x70, "a format of sense data");
        int key = segment[descriptors ? 3 : 4] & 0x0F;
        int at = descriptors ? 4 : 14;
        int code = (segment[at] & 0xFF) << 8 | segment[at + 1] & 0xFF;
        Claim.that(LegalSense.has(key, code), "sense %x/%04x".formatted(key, code));
        return new Outcome(status, key, code, data);
    }

    /** Both log out; nothing may be left. */
    void end() {
        for (Initiator host : hosts) {
            host.machine.step(new Event.TransportLost("end of input"));
        }
        shard.advance(1);
        Claim.that(target.sessions().size() == 0, "no session is left");
        Claim.that(volumes.isUnused(), "no association is left");
    }
}
