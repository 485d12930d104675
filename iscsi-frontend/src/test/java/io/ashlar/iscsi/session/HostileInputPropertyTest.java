package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.RandomSource;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions with initiators that send nonsense: no exception, no leak, no broken invariant. */
final class HostileInputPropertyTest {
    private static final int SESSIONS = 300;
    private static final int PDUS = 60;
    private static final int[] OPCODES = {0x00, 0x01, 0x01, 0x01, 0x02, 0x04, 0x05, 0x05, 0x10};

    /**
     * Protects the node: whatever a logged-in initiator sends, the session goes on or ends cleanly,
     * and all memory comes back.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void anySequenceOfPdusEndsCleanly(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        for (int round = 0; round < SESSIONS; round++) {
            ManualShard shard = new ManualShard();
            RamVolumeService volumes = Initiator.volumes();
            TargetContext target = Initiator.target(volumes);
            Initiator initiator =
                    Initiator.loggedIn(
                            target, shard, "InitialR2T", random.nextInt(2) == 0 ? "Yes" : "No");
            volumes.delayNanos(random.nextInt(2));
            for (int i = 0; i < PDUS && !initiator.closed; i++) {
                initiator.sendBytes(pdu(random, initiator.cmdSn), random.nextInt(2) == 0);
                if (random.nextInt(3) == 0) {
                    shard.advance(random.nextInt(3));
                }
                initiator.cmdSn += random.nextInt(2);
                initiator.writable = random.nextInt(8) != 0;
                if (initiator.writable) {
                    initiator.machine.step(new Event.Writable());
                }
            }
            initiator.machine.step(new Event.TransportLost("seed " + seed + " round " + round));
            shard.advance(10);
            assertThat(target.budget().used()).as("seed %s round %s", seed, round).isZero();
            assertThat(target.sessions().size()).isZero();
        }
    }

    /** Mostly plausible: few tags, near numbers, known commands, small data. */
    private static ByteBuf pdu(RandomSource random, int cmdSn) {
        byte[] header = new byte[48];
        int opcode = OPCODES[random.nextInt(OPCODES.length)];
        for (int i = 32; i < 48; i++) {
            header[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : 0);
        }
        header[0] = (byte) (opcode | (random.nextInt(6) == 0 ? 0x40 : 0));
        header[1] = (byte) random.nextInt(256);
        int data = random.nextInt(3) == 0 ? random.nextInt(2048) : 0;
        ByteBuf out = Unpooled.wrappedBuffer(header);
        out.setMedium(5, data);
        out.setInt(16, opcode == 1 ? random.nextInt(200) : random.nextInt(30));
        out.setInt(20, random.nextInt(4) == 0 ? -1 : random.nextInt(8) * 512);
        out.setInt(24, cmdSn + random.nextInt(4) - 1);
        if (opcode == 1) {
            byte[] commands = {0x00, 0x08, 0x0a, 0x12, 0x28, 0x2a, 0x2e, 0x2f, 0x41, 0x42, 0x1a};
            out.setByte(32, commands[random.nextInt(commands.length)]);
        } else if (opcode == 5) {
            out.setInt(36, random.nextInt(3));
            out.setInt(40, random.nextInt(4) * 512);
        }
        ByteBuf whole = Unpooled.buffer();
        whole.writeBytes(out).writeZero(data + 3 & ~3);
        return whole;
    }
}
