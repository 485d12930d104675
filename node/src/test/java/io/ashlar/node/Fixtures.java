package io.ashlar.node;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Planner;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** A small cluster for tests. */
public final class Fixtures {
    public static final UUID CLUSTER = new UUID(0x1111, 0x2222);

    private Fixtures() {}

    public static NodeRecord node(int id, long incarnation) {
        String address = "127.0.0." + id;
        return new NodeRecord(
                new NodeId(id),
                incarnation,
                new UUID(id, 1),
                "rack-" + id,
                new NodeRecord.Addresses(
                        address + ":3260",
                        address + ":7460",
                        address + ":7461",
                        address + ":7462",
                        address + ":7480"),
                new LinkedHashMap<>(Map.of(new DeviceId(new UUID(id, 2)), 1L << 40)),
                NodeRecord.AdminState.ACTIVE,
                NodeRecord.Settings.NONE);
    }

    /** Three registered nodes with incarnations 101 to 103, and a pool of 64 groups. */
    public static FakeMetadata founded() {
        FakeMetadata metadata = new FakeMetadata();
        metadata.apply(new Command.InitializeCluster(CLUSTER));
        for (int id = 1; id <= 3; id++) {
            metadata.apply(new Command.RegisterNode(node(id, 100 + id)));
        }
        metadata.apply(
                new Command.CreatePool(
                        "default", 3, 2, Planner.place(64, 3, metadata.state().nodes().values())));
        return metadata;
    }
}
