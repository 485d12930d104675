package io.ashlar.metadata.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Crc32c;
import io.ashlar.common.NodeId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Fixture;
import io.ashlar.metadata.Mapping;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.metadata.wire.IdentityCodec.Identity;
import io.ashlar.metadata.wire.SessionImage.Session;
import io.ashlar.metadata.wire.SnapshotCodec.Snapshot;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * What is on disk: it comes back as it was, damage is told from novelty, and layouts do not drift.
 */
class CodecPropertyTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @Test
    void entriesComeBackAsTheyWere() {
        for (long seed = 0; seed < 2000; seed++) {
            List<Envelope> envelopes = envelopes(seed);
            assertThat(EntryCodec.read(entry(envelopes))).as("seed %s", seed).isEqualTo(envelopes);
        }
    }

    @Test
    void snapshotsComeBackAsTheyWereAndEqualStatesMakeEqualBytes() {
        for (long seed = 0; seed < 200; seed++) {
            Snapshot snapshot = snapshot(seed, 200);
            ByteBuf bytes = snapshot(snapshot);
            Snapshot again = SnapshotCodec.read(bytes.duplicate());
            assertThat(again).as("seed %s", seed).isEqualTo(snapshot);
            assertThat(snapshot(again)).as("seed %s", seed).isEqualTo(bytes);
        }
    }

    @Test
    void noCommandThatDecodesMakesTheStateMachineThrowAndItIsDeterministic() {
        for (long seed = 0; seed < 300; seed++) {
            assertThat(snapshot(seed, 300)).as("seed %s", seed).isEqualTo(snapshot(seed, 300));
        }
    }

    @Test
    void damagedBytesAreRefusedAndNothingElseHappens() {
        ByteBuf entry = entry(envelopes(3));
        ByteBuf snapshot = snapshot(snapshot(3, 300));
        for (long seed = 0; seed < 4000; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            for (ByteBuf good : List.of(entry, snapshot)) {
                ByteBuf bad = good.copy();
                if (random.nextInt(4) == 0) {
                    bad.writerIndex(random.nextInt(bad.readableBytes()));
                } else {
                    int at = random.nextInt(bad.readableBytes());
                    bad.setByte(at, bad.getByte(at) ^ (1 << random.nextInt(8)));
                }
                assertThatThrownBy(() -> read(good == entry, bad))
                        .as("seed %s", seed)
                        .isInstanceOf(WireFormatException.class);
            }
        }
    }

    @Test
    void hostileBodiesWithAGoodChecksumGiveAValueOrARefusal() {
        ByteBuf entry = entry(envelopes(3));
        ByteBuf snapshot = snapshot(snapshot(3, 300));
        for (long seed = 0; seed < 20_000; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            boolean isEntry = random.nextInt(2) == 0;
            ByteBuf bad = (isEntry ? entry : snapshot).copy();
            for (int i = random.nextInt(4); i >= 0; i--) {
                int at = 16 + random.nextInt(bad.readableBytes() - 16);
                bad.setByte(at, random.nextInt(3) == 0 ? 0xFF : random.nextInt(256));
            }
            seal(bad);
            try {
                read(isEntry, bad);
            } catch (WireFormatException expected) {
                assertThat(expected).hasMessageNotContaining("checksum");
            }
        }
    }

    @Test
    void anythingNewerIsRefusedByNameWithTheRemedy() {
        ByteBuf newerVersion = entry(envelopes(1));
        newerVersion.setShort(4, 2);
        seal(newerVersion);
        assertThatThrownBy(() -> EntryCodec.read(newerVersion))
                .hasMessageContaining("metadata command of version 2")
                .hasMessageContaining("upgrade this node");
        ByteBuf newerCommand =
                entry(List.of(new Envelope(new UUID(1, 1), 1, 1, 0, Samples.oneOfEach().get(0))));
        newerCommand.setByte(16 + 4 + 40, 99);
        seal(newerCommand);
        assertThatThrownBy(() -> EntryCodec.read(newerCommand))
                .hasMessageContaining("command kind 99")
                .hasMessageContaining("upgrade this node");
    }

    @Test
    void textsAndBatchesTooLongAreRefusedWhenWritten() {
        Command tooLong = new Command.CreateHost("x".repeat(2000));
        assertThatThrownBy(() -> entry(List.of(new Envelope(new UUID(1, 1), 1, 1, 0, tooLong))))
                .isInstanceOf(IllegalArgumentException.class);
        Envelope one = new Envelope(new UUID(1, 1), 1, 1, 0, new Command.CreateHost("h"));
        List<Envelope> many = new ArrayList<>();
        for (int i = 0; i <= EntryCodec.COMMANDS_MAX; i++) {
            many.add(one);
        }
        assertThatThrownBy(() -> entry(many)).isInstanceOf(IllegalArgumentException.class);
    }

    /** A changed layout needs a new version, and a reader for the old one. */
    @Test
    void layoutsAreThoseOfTheGoldenFiles() throws IOException {
        List<Envelope> envelopes = new ArrayList<>();
        for (Command command : Samples.oneOfEach()) {
            envelopes.add(
                    new Envelope(
                            new UUID(0xA1, 0xB2), envelopes.size() + 4, 3, 0x0102030405L, command));
        }
        // Kinds of commands are only added: what was written first stays as it was.
        List<Envelope> first = envelopes.subList(0, Samples.KINDS_OF_SNAPSHOT_1);
        golden("entry-v1.hex", entry(first), EntryCodec::read, first);
        List<Envelope> chap = envelopes.subList(first.size(), Samples.KINDS_OF_SNAPSHOT_2);
        golden("entry-v1-chap.hex", entry(chap), EntryCodec::read, chap);
        List<Envelope> since =
                envelopes.subList(Samples.KINDS_OF_SNAPSHOT_2, Samples.KINDS_OF_SNAPSHOT_4);
        golden("entry-v1-reservations.hex", entry(since), EntryCodec::read, since);
        List<Envelope> groups = envelopes.subList(Samples.KINDS_WITH_GROWTH, envelopes.size());
        golden("entry-v1-host-groups.hex", entry(groups), EntryCodec::read, groups);
        List<Envelope> alua =
                List.of(
                        new Envelope(new UUID(0xA1, 0xB2), 1, 1, 0, explicitAlua(true)),
                        new Envelope(new UUID(0xA1, 0xB2), 2, 1, 0, explicitAlua(false)));
        List<Envelope> growth =
                envelopes.subList(Samples.KINDS_OF_SNAPSHOT_4, Samples.KINDS_WITH_GROWTH);
        golden("entry-v1-growth.hex", entry(growth), EntryCodec::read, growth);
        golden("entry-v1-alua.hex", entry(alua), EntryCodec::read, alua);
        Snapshot snapshot = withHostGroup(withExplicitAlua(snapshotOfVersionThree()));
        golden("snapshot-v5.hex", snapshot(snapshot), SnapshotCodec::read, snapshot);
        Identity identity = new Identity(new UUID(1, 2), new NodeId(3), new UUID(4, 5), true);
        ByteBuf out = Unpooled.buffer();
        IdentityCodec.write(out, identity);
        golden("identity-v1.hex", out, IdentityCodec::read, identity);
    }

    /** Protects upgrades: what an older version wrote is read, and its hosts have no secrets. */
    @Test
    void snapshotsOfVersionOneAreStillRead() throws IOException {
        String hex = Files.readString(GOLDEN.resolve("snapshot-v1.hex")).replaceAll("\\s", "");
        Snapshot old = SnapshotCodec.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
        assertThat(old.state().hosts()).isNotEmpty();
        assertThat(old).isEqualTo(snapshot(new Samples(11, Samples.KINDS_OF_SNAPSHOT_1), 11, 400));
    }

    /** Protects upgrades: what an older version wrote is read, and nothing is reserved. */
    @Test
    void snapshotsOfVersionTwoAreStillRead() throws IOException {
        String hex = Files.readString(GOLDEN.resolve("snapshot-v2.hex")).replaceAll("\\s", "");
        Snapshot old = SnapshotCodec.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
        assertThat(old)
                .isEqualTo(
                        withEachKindOfHost(
                                snapshot(new Samples(11, Samples.KINDS_OF_SNAPSHOT_2), 11, 400)));
    }

    /** Protects upgrades: what an older version wrote is read, and ALUA is implicit. */
    @Test
    void snapshotsOfVersionThreeAreStillRead() throws IOException {
        String hex = Files.readString(GOLDEN.resolve("snapshot-v3.hex")).replaceAll("\\s", "");
        Snapshot old = SnapshotCodec.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
        assertThat(old.state().settings().explicitAlua()).isFalse();
        assertThat(old).isEqualTo(snapshotOfVersionThree());
    }

    /** Protects upgrades: what an older version wrote is read, and there are no host groups. */
    @Test
    void snapshotsOfVersionFourAreStillRead() throws IOException {
        String hex = Files.readString(GOLDEN.resolve("snapshot-v4.hex")).replaceAll("\\s", "");
        Snapshot old = SnapshotCodec.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
        assertThat(old.state().hostGroups()).isEmpty();
        assertThat(old).isEqualTo(withExplicitAlua(snapshotOfVersionThree()));
    }

    private static Snapshot snapshotOfVersionThree() {
        return withEachKindOfHost(
                withReservations(snapshot(new Samples(11, Samples.KINDS_OF_SNAPSHOT_4), 11, 400)));
    }

    private static Command explicitAlua(boolean isExplicit) {
        ClusterSettings settings = ClusterSettings.VERSION_1;
        return new Command.ChangeSettings(
                settings.withExplicitAlua(!isExplicit), settings.withExplicitAlua(isExplicit));
    }

    private static Snapshot withExplicitAlua(Snapshot snapshot) {
        ControlState state = snapshot.state();
        ClusterSettings settings = state.settings();
        Command command = new Command.ChangeSettings(settings, settings.withExplicitAlua(true));
        Result result = ControlStateMachine.apply(state, state.index() + 1, command);
        assertThat(result.outcome()).isInstanceOf(Outcome.Applied.class);
        return new Snapshot(result.state(), snapshot.sessions());
    }

    /** A host with a mapping of its own and one through its group. */
    private static Snapshot withHostGroup(Snapshot snapshot) {
        ControlState state = snapshot.state();
        List<VolumeId> volumes =
                state.volumes().values().stream()
                        .filter(volume -> volume.anyHostLun() == -1)
                        .map(VolumeRecord::id)
                        .toList();
        for (Command command :
                List.of(
                        new Command.CreateHostGroup("group"),
                        new Command.JoinHostGroup("group", "mutual"),
                        new Command.JoinHostGroup("group", "none"),
                        new Command.MapVolumeToGroup("group", volumes.get(0), 300),
                        new Command.MapVolume(new Mapping("none", volumes.get(1), 301)))) {
            Result result = ControlStateMachine.apply(state, state.index() + 1, command);
            assertThat(result.outcome()).isInstanceOf(Outcome.Applied.class);
            state = result.state();
        }
        return new Snapshot(state, snapshot.sessions());
    }

    private static void golden(
            String name, ByteBuf bytes, Function<ByteBuf, Object> reader, Object value)
            throws IOException {
        Path file = GOLDEN.resolve(name);
        if (Boolean.getBoolean("golden.update")) {
            String hex = ByteBufUtil.hexDump(bytes).replaceAll("(.{96})", "$1\n");
            Files.writeString(file, hex + "\n");
        }
        String hex = Files.readString(file).replaceAll("\\s", "");
        assertThat(ByteBufUtil.hexDump(bytes)).isEqualTo(hex);
        assertThat(reader.apply(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex))))
                .isEqualTo(value);
    }

    private static Object read(boolean entry, ByteBuf bytes) {
        return entry ? EntryCodec.read(bytes) : SnapshotCodec.read(bytes);
    }

    private static void seal(ByteBuf frame) {
        byte[] covered = new byte[frame.readableBytes() - 4];
        frame.getBytes(0, covered, 0, 12);
        frame.getBytes(16, covered, 12, covered.length - 12);
        frame.setInt(12, Crc32c.of(covered, 0, covered.length));
    }

    private static ByteBuf entry(List<Envelope> envelopes) {
        ByteBuf out = Unpooled.buffer();
        EntryCodec.write(out, envelopes);
        return out;
    }

    private static ByteBuf snapshot(Snapshot snapshot) {
        ByteBuf out = Unpooled.buffer();
        SnapshotCodec.write(out, snapshot);
        return out;
    }

    private static List<Envelope> envelopes(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        Samples samples = new Samples(seed);
        List<Envelope> envelopes = new ArrayList<>();
        for (int i = random.nextInt(8); i >= 0; i--) {
            long sequence = 1 + random.nextInt(1000);
            envelopes.add(
                    new Envelope(
                            new UUID(random.nextLong(), random.nextLong()),
                            sequence,
                            sequence - random.nextInt(5),
                            random.nextInt(1000),
                            samples.command()));
        }
        return envelopes;
    }

    /** Hosts with two secrets, one and none; and settings that no default changes. */
    private static Snapshot withEachKindOfHost(Snapshot snapshot) {
        Secret one = Secret.of("123456789012");
        Optional<Secret> two = Optional.of(Secret.of("abcdefghijklmnop"));
        ControlState state = snapshot.state();
        for (Command command :
                List.of(
                        new Command.CreateHost("mutual"),
                        new Command.CreateHost("none"),
                        new Command.CreateHost("one-way"),
                        new Command.SetChap("mutual", Optional.of(new ChapSecrets(one, two))),
                        new Command.SetChap(
                                "one-way", Optional.of(new ChapSecrets(one, Optional.empty()))),
                        new Command.ChangeSettings(
                                state.settings(),
                                new ClusterSettings(
                                        Duration.ofMinutes(7), 5, false, 2 << 20, 1L << 30)))) {
            Result result = ControlStateMachine.apply(state, state.index() + 1, command);
            assertThat(result.outcome()).isInstanceOf(Outcome.Applied.class);
            state = result.state();
        }
        return new Snapshot(state, snapshot.sessions());
    }

    /** Every volume with a table after many changes; whatever they are, some of all fields. */
    private static Snapshot withReservations(Snapshot snapshot) {
        Fixture cluster = Fixture.withPool();
        for (String name : List.of("one", "two")) {
            cluster.applied(cluster.volume(name, -1));
        }
        ControlState state = cluster.state();
        RandomSource random = RandomSource.seeded(5);
        for (int i = 0; i < 200; i++) {
            for (VolumeRecord volume : List.copyOf(state.volumes().values())) {
                state =
                        ControlStateMachine.apply(
                                        state,
                                        state.index() + 1,
                                        new Command.ChangeReservations(
                                                volume.id(),
                                                volume.accessEpoch(),
                                                ReservationSamples.change(random)))
                                .state();
            }
        }
        return new Snapshot(state, snapshot.sessions());
    }

    /** The state after many random commands, and a session with their last outcomes. */
    private static Snapshot snapshot(long seed, int commands) {
        return snapshot(new Samples(seed), seed, commands);
    }

    private static Snapshot snapshot(Samples samples, long seed, int commands) {
        ControlState state = ControlState.initial();
        TreeMap<Long, Outcome> results = new TreeMap<>();
        for (int i = 1; i <= commands; i++) {
            Result result = ControlStateMachine.apply(state, i, samples.command());
            state = result.state();
            results.put((long) i, result.outcome());
            if (results.size() > 20) {
                results.pollFirstEntry();
            }
        }
        TreeMap<UUID, Session> sessions = new TreeMap<>();
        sessions.put(new UUID(1, seed), new Session(commands, results.firstKey(), results));
        return new Snapshot(state, new SessionImage(seed, sessions));
    }
}
