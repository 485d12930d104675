package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.NodeRecord.Addresses;
import io.ashlar.metadata.NodeRecord.AdminState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;

/** A control state that commands are tried on. */
public final class Fixture {
    public static final UUID CLUSTER = new UUID(0xC1, 0xC2);

    /** Of an operator. */
    public static final JobStamp STAMP = new JobStamp(new NodeId(1), 1_000, true);

    private ControlState state = ControlState.initial();
    private long index;

    public static NodeRecord node(int id, long incarnation, String domain, int devices) {
        return new NodeRecord(
                new NodeId(id),
                incarnation,
                new UUID(id, 77),
                domain,
                new Addresses("10.0.0.1:3260", "10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", ""),
                devices(id, devices),
                AdminState.ACTIVE,
                NodeRecord.Settings.NONE);
    }

    /** So many devices of 1 TiB. */
    public static SequencedMap<DeviceId, Long> devices(int node, int count) {
        LinkedHashMap<DeviceId, Long> devices = new LinkedHashMap<>();
        for (int number = 0; number < count; number++) {
            devices.put(device(node, number), 1L << 40);
        }
        return devices;
    }

    public static DeviceId device(int node, int number) {
        return new DeviceId(new UUID(node, number));
    }

    public static SortedSet<NodeId> nodes(int... ids) {
        TreeSet<NodeId> nodes = new TreeSet<>();
        for (int id : ids) {
            nodes.add(new NodeId(id));
        }
        return nodes;
    }

    public static ProcessId process(int node, long incarnation) {
        return new ProcessId(new NodeId(node), incarnation);
    }

    /** Three nodes with incarnation 10 times their id, and a pool "p" of four groups of three. */
    public static Fixture withPool() {
        Fixture fixture = new Fixture();
        fixture.applied(new Command.InitializeCluster(CLUSTER));
        for (int id = 1; id <= 3; id++) {
            fixture.applied(new Command.RegisterNode(node(id, 10 * id, "host" + id, 2)));
        }
        Placement group = new Placement(new NodeId(1), nodes(1, 2, 3));
        fixture.applied(new Command.CreatePool("p", 3, 2, List.of(group, group, group, group)));
        return fixture;
    }

    public Command.CreateVolume volume(String name, int anyHostLun) {
        return new Command.CreateVolume(
                name, "p", 1 << 30, 4 << 20, 512, 3, process(1, 10), anyHostLun);
    }

    public static Command reconfigure(
            long epoch, ProcessId proposer, Command.ReconfigureGroup.Change change) {
        return new Command.ReconfigureGroup(new PgId(1, 0), epoch, proposer, change);
    }

    public PgConfig group() {
        return state.placementGroups().get(new PgId(1, 0));
    }

    public Outcome apply(Command command) {
        Result result = ControlStateMachine.apply(state, ++index, command);
        ControlState before = state;
        state = result.state();
        assertThat(state.index()).isEqualTo(index);
        if (result.outcome() instanceof Outcome.Rejected) {
            assertThat(state).isEqualTo(before.at(index));
        }
        return result.outcome();
    }

    public long applied(Command command) {
        Outcome outcome = apply(command);
        assertThat(outcome).isInstanceOf(Outcome.Applied.class);
        assertThat(((Outcome.Applied) outcome).index()).isEqualTo(index);
        return ((Outcome.Applied) outcome).value();
    }

    public String rejected(Outcome.Reason reason, Command command) {
        Outcome outcome = apply(command);
        assertThat(outcome).isInstanceOf(Outcome.Rejected.class);
        Outcome.Rejected rejected = (Outcome.Rejected) outcome;
        assertThat(rejected.reason()).as(rejected.message()).isEqualTo(reason);
        assertThat(rejected.message()).isNotBlank();
        return rejected.message();
    }

    public ControlState state() {
        return state;
    }

    public long index() {
        return index;
    }
}
