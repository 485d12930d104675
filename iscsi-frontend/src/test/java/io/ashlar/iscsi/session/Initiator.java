package io.ashlar.iscsi.session;

import io.ashlar.common.Nonces;
import io.ashlar.common.Payload;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.login.LoginLimits;
import io.ashlar.iscsi.login.TextKeys;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.InitiatorPdu;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.scsi.Lun;
import io.ashlar.volume.VolumeService;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** The other end of one connection machine: sends PDUs as bytes, keeps what comes back. */
final class Initiator implements Effects {
    static final String TARGET = "iqn.2026-11.io.ashlar:test";
    static final String NAME = "iqn.2026-11.test:host";
    static final SessionLimits LIMITS = new SessionLimits(8, 2, 1 << 20, 10, 5, 5);
    static final LoginLimits LOGIN = new LoginLimits(65_536, 65_536, 16_384, 4, 16_384, 16);
    private static final int DATA_SEGMENT_LENGTH = 5;

    /** One answer with its data. */
    record Answer(TargetPdu pdu, byte[] data) {
        String text() {
            return new String(data, StandardCharsets.UTF_8);
        }
    }

    final ManualShard shard;
    final ConnectionMachine machine;
    final ArrayDeque<Answer> answers = new ArrayDeque<>();
    String host = NAME;

    /** The unit that commands are for. */
    int unit;

    boolean closed;
    boolean writable = true;
    long isid = 0x80_0000_0001L;
    int cmdSn = 0xFFFF_FFFE;
    private int tag;

    Initiator(TargetContext target, ManualShard shard) {
        this.shard = shard;
        this.machine = new ConnectionMachine(target, "test", shard, this);
    }

    static TargetContext target(VolumeService volumes) {
        return new TargetContext(
                TARGET,
                volumes,
                LIMITS,
                LOGIN,
                new SessionRegistry(),
                new MemoryBudget(1 << 24),
                Nonces.system(),
                SessionRules.ALL);
    }

    static RamVolumeService volumes() {
        return new RamVolumeService().with(0, 1 << 20, 512, false).with(1, 1 << 20, 512, true);
    }

    /** Logged in, past the first unit attention of LUN 0. */
    static Initiator loggedIn(TargetContext target, ManualShard shard, String... keys) {
        Initiator initiator = new Initiator(target, shard);
        initiator.login(keys);
        initiator.command("00", 0, false, false, new byte[0]);
        initiator.answers.clear();
        return initiator;
    }

    SequencedMap<String, String> identity() {
        SequencedMap<String, String> keys = new LinkedHashMap<>();
        keys.put("InitiatorName", host);
        keys.put("TargetName", TARGET);
        keys.put("SessionType", "Normal");
        return keys;
    }

    /** Straight to the full feature phase. */
    Answer login(String... extra) {
        Map<String, String> keys = identity();
        for (int i = 0; i < extra.length; i += 2) {
            keys.put(extra[i], extra[i + 1]);
        }
        return loginStep(1, 3, true, false, TextKeys.format(keys));
    }

    Answer loginStep(int stage, int next, boolean transit, boolean more, byte[] text) {
        send(new LoginRequestPdu(transit, more, stage, next, 0, 0, isid, 0, 1, 0, cmdSn, 0), text);
        Answer answer = answers.poll();
        if (answer != null && answer.pdu() instanceof LoginResponsePdu response) {
            if (response.status() == 0 && response.transit() && response.nextStage() == 3) {
                return answer;
            }
        }
        return answer;
    }

    /** Sends a command with immediate data and lets it run; its tag is returned. */
    int command(String cdb, int expected, boolean read, boolean write, byte[] data) {
        return command(cdb, expected, read, write, true, data);
    }

    int command(String cdb, int expected, boolean read, boolean write, boolean last, byte[] data) {
        return commandWith(cmdSn++, cdb, expected, read, write, last, data);
    }

    int commandWith(
            int number,
            String cdb,
            int expected,
            boolean read,
            boolean write,
            boolean last,
            byte[] data) {
        int mine = ++tag;
        send(
                new ScsiCommandPdu(
                        false,
                        last,
                        read,
                        write,
                        1,
                        Lun.encode(unit),
                        mine,
                        expected,
                        number,
                        0,
                        java.util.Arrays.copyOf(HexFormat.of().parseHex(cdb.replace(" ", "")), 16)),
                data);
        return mine;
    }

    /** A write with the task attribute ORDERED. */
    int ordered(String cdb, int expected, byte[] data) {
        int mine = ++tag;
        send(
                new ScsiCommandPdu(
                        false,
                        true,
                        false,
                        true,
                        2,
                        0,
                        mine,
                        expected,
                        cmdSn++,
                        0,
                        java.util.Arrays.copyOf(HexFormat.of().parseHex(cdb.replace(" ", "")), 16)),
                data);
        return mine;
    }

    void dataOut(int task, int transferTag, int dataSn, int offset, boolean last, byte[] data) {
        send(new DataOutPdu(last, 0, task, transferTag, 0, dataSn, offset), data);
    }

    void abort(int task, int refCmdSn) {
        send(
                new TaskManagementRequestPdu(
                        true,
                        TaskManagementRequestPdu.ABORT_TASK,
                        0,
                        ++tag,
                        task,
                        cmdSn,
                        0,
                        refCmdSn),
                new byte[0]);
    }

    void resetUnit() {
        manage(TaskManagementRequestPdu.LOGICAL_UNIT_RESET, 0, Bhs.RESERVED_TAG);
    }

    /** Task management of a unit; {@code task} is the one that is meant, if one is. */
    void manage(int function, int unit, int task) {
        send(
                new TaskManagementRequestPdu(
                        true, function, Lun.encode(unit), ++tag, task, cmdSn, 0, 0),
                new byte[0]);
    }

    void answerPing(int transferTag) {
        send(new NopOutPdu(true, 0, Bhs.RESERVED_TAG, transferTag, cmdSn, 0), new byte[0]);
    }

    void send(InitiatorPdu pdu, byte[] data) {
        sendBytes(bytes(pdu, data), true);
        shard.run();
    }

    static ByteBuf bytes(InitiatorPdu pdu, byte[] data) {
        ByteBuf out = Unpooled.buffer();
        pdu.encode(out);
        out.setMedium(DATA_SEGMENT_LENGTH, data.length);
        out.writeBytes(data).writeZero(-data.length & 3);
        return out;
    }

    void sendBytes(ByteBuf bytes, boolean queueEmpty) {
        machine.onRead(bytes, queueEmpty);
    }

    /** The next answer, which must be of that kind. */
    <T extends TargetPdu> T next(Class<T> kind) {
        Answer answer = answers.poll();
        if (answer == null) {
            throw new AssertionError("no answer, expected " + kind.getSimpleName());
        }
        return kind.cast(answer.pdu());
    }

    @Override
    public void send(TargetPdu pdu, Payload data) {
        answers.add(new Answer(pdu, data.toByteArray()));
    }

    @Override
    public void configure(boolean headerDigest, boolean dataDigest, int receiveBytesMax) {
        machine.configureDecoder(headerDigest, dataDigest, receiveBytesMax);
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public boolean isWritable() {
        return writable;
    }
}
