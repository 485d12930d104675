package io.ashlar.systemtests.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Persistent reservations of two hosts that come by different nodes of real processes. That they
 * outlive all nodes is shown by {@code SgPersistIT}.
 */
@Order(46)
@ExtendWith(WithCluster.class)
final class ReservationsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCK_BYTES = 512;
    private static final int BLOCKS = 8;
    private static final int REGISTER = 0;
    private static final int RESERVE = 1;
    private static final int RELEASE = 2;
    private static final int CLEAR = 3;
    private static final int PREEMPT_AND_ABORT = 5;
    private static final int REGISTER_AND_IGNORE = 6;
    private static final int READ_KEYS = 0;
    private static final int READ_RESERVATION = 1;
    private static final int RESERVATIONS_PREEMPTED = 0x2A03;
    private static final int REGISTRATIONS_PREEMPTED = 0x2A05;

    /** A host, by one node. */
    private static final class Host implements AutoCloseable {
        private final IscsiSession session;
        private final int lun;
        private final long key;
        private final List<Integer> attentions = new ArrayList<>();

        Host(DevCluster cluster, int node, String name, int lun, long key) throws Exception {
            this.session =
                    IscsiSession.login(
                            SessionOptions.of(cluster.portal(node), cluster.targetName())
                                    .withInitiatorName("iqn.2026-11.io.ashlar:" + name));
            this.lun = lun;
            this.key = key;
        }

        /** Repeats what is BUSY or told of an attention, as initiators do. */
        ScsiResult run(ScsiCommand command) throws Exception {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (true) {
                ScsiResult result = session.execute(command, PATIENCE);
                boolean isAttention = result.senseKey() == ScsiResult.UNIT_ATTENTION;
                if (isAttention) {
                    attentions.add(result.asc());
                }
                boolean isAgain = isAttention || result.status() == ScsiResult.BUSY;
                if (!isAgain || System.nanoTime() > deadline) {
                    return result;
                }
                if (!isAttention) {
                    Thread.sleep(50);
                }
            }
        }

        ScsiResult out(int action, int type, long reservationKey, long actionKey) throws Exception {
            byte[] list =
                    ByteBuffer.allocate(24).putLong(reservationKey).putLong(actionKey).array();
            byte[] cdb =
                    ByteBuffer.allocate(16)
                            .put((byte) 0x5F)
                            .put((byte) action)
                            .put((byte) type)
                            .putInt(5, list.length)
                            .array();
            return run(new ScsiCommand(lun, cdb, list, 0));
        }

        void good(int action, int type, long reservationKey, long actionKey) throws Exception {
            ScsiResult result = out(action, type, reservationKey, actionKey);
            assertThat(result.isGood()).as("action %s: %s", action, result).isTrue();
        }

        void register() throws Exception {
            good(REGISTER_AND_IGNORE, 0, 0, key);
        }

        ByteBuffer in(int action) throws Exception {
            byte[] cdb =
                    ByteBuffer.allocate(16)
                            .put((byte) 0x5E)
                            .put((byte) action)
                            .putShort(7, (short) 1024)
                            .array();
            ScsiResult result = run(new ScsiCommand(lun, cdb, new byte[0], 1024));
            assertThat(result.isGood()).as("%s", result).isTrue();
            return ByteBuffer.wrap(result.dataIn());
        }

        boolean reads() throws Exception {
            return isDone(run(ScsiCommand.read(lun, 0, BLOCKS, BLOCK_BYTES)));
        }

        boolean writes(int value) throws Exception {
            byte[] data = new byte[BLOCKS * BLOCK_BYTES];
            Arrays.fill(data, (byte) value);
            return isDone(run(ScsiCommand.write(lun, 0, data, BLOCK_BYTES)));
        }

        private static boolean isDone(ScsiResult result) {
            assertThat(result.status())
                    .as("%s", result)
                    .isIn(ScsiResult.GOOD, ScsiResult.RESERVATION_CONFLICT);
            return result.isGood();
        }

        @Override
        public void close() {
            session.close();
        }
    }

    @Test
    void eachTypeHoldsOnEveryNode(DevCluster cluster) throws Exception {
        // Protects F4: what one node answered, all others keep from that moment on.
        int lun = cluster.volume("reserved", "64MiB");
        for (int type : new int[] {1, 3, 5, 6, 7, 8}) {
            try (Host holder = new Host(cluster, 1, "holder", lun, 0xA1);
                    Host registrant = new Host(cluster, 2, "registrant", lun, 0xB2);
                    Host stranger = new Host(cluster, 3, "stranger", lun, 0xC3)) {
                holder.register();
                registrant.register();
                holder.good(RESERVE, type, 0xA1, 0);
                boolean isExclusive = type == 3 || type == 6 || type == 8;
                boolean isShared = type >= 5;
                assertThat(stranger.writes(1)).as("type %s", type).isFalse();
                assertThat(stranger.reads()).as("type %s", type).isEqualTo(!isExclusive);
                assertThat(registrant.writes(2)).as("type %s", type).isEqualTo(isShared);
                assertThat(registrant.reads())
                        .as("type %s", type)
                        .isEqualTo(isShared || !isExclusive);
                assertThat(holder.writes(3)).isTrue();
                assertThat(holder.reads()).isTrue();
                assertThat(stranger.in(READ_RESERVATION).get(21)).isEqualTo((byte) type);
                holder.good(RELEASE, type, 0xA1, 0);
                assertThat(stranger.writes(4)).isTrue();
                registrant.good(CLEAR, 0, 0xB2, 0);
                assertThat(stranger.in(READ_KEYS).getInt(4)).isZero();
                assertThat(holder.reads()).isTrue();
            }
        }
    }

    @Test
    void whoIsPreemptedIsShutOutAndTold(DevCluster cluster) throws Exception {
        // Protects fencing by hosts: after the answer nothing of the preempted takes effect.
        int lun = cluster.volume("preempted", "64MiB");
        try (Host holder = new Host(cluster, 2, "holder", lun, 0xA1);
                Host other = new Host(cluster, 3, "other", lun, 0xB2)) {
            holder.register();
            other.register();
            other.good(RESERVE, 5, 0xB2, 0);
            assertThat(holder.writes(1)).isTrue();
            holder.good(PREEMPT_AND_ABORT, 5, 0xA1, 0xB2);
            assertThat(other.writes(2)).isFalse();
            for (int i = 0; i < 50 && !other.attentions.contains(REGISTRATIONS_PREEMPTED); i++) {
                Thread.sleep(100);
                other.run(ScsiCommand.testUnitReady(lun));
            }
            assertThat(other.attentions).contains(REGISTRATIONS_PREEMPTED);
            assertThat(other.out(RESERVE, 5, 0xB2, 0).status())
                    .isEqualTo(ScsiResult.RESERVATION_CONFLICT);
            cluster.own(3, "preempted");
            assertThat(other.writes(3)).isFalse();
            assertThat(holder.writes(4)).isTrue();
            other.good(REGISTER, 0, 0, 0xB2);
            assertThat(other.writes(5)).isTrue();
            holder.good(CLEAR, 0, 0xA1, 0);
            for (int i = 0; i < 50 && !other.attentions.contains(RESERVATIONS_PREEMPTED); i++) {
                Thread.sleep(100);
                other.run(ScsiCommand.testUnitReady(lun));
            }
            assertThat(other.attentions).contains(RESERVATIONS_PREEMPTED);
        }
    }
}
