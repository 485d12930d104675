package io.ashlar.iscsi;

import io.ashlar.common.NodeId;
import io.ashlar.iscsi.transport.TransportLoops;
import io.ashlar.volume.Portal;
import java.util.List;

/**
 * A target with volumes in memory, for trying initiators by hand: {@code RamTargetMain ADDRESS
 * PORT}, on that port and the next. LUN 0 is 256 MiB with blocks of 512 bytes, LUN 1 with 4096, LUN
 * 2 is write-protected.
 */
public final class RamTargetMain {
    static final String NAME = "iqn.2026-11.io.ashlar:ram";
    private static final NodeId NODE_TWO = new NodeId(2);
    private static final long BYTES = 256L * 1024 * 1024;

    private RamTargetMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        int port = Integer.parseInt(arguments[1]);
        for (IscsiTarget target : start(volumes(), arguments[0], port)) {
            System.out.println("serving " + NAME + " on " + target.address());
        }
        Thread.currentThread().join();
    }

    /** The targets of two nodes, node 2 with the port after {@code port}, or both with any. */
    static List<IscsiTarget> start(RamVolumeService volumes, String address, int port) {
        TransportLoops loops = TransportLoops.create(1);
        IscsiTarget one =
                IscsiTarget.start(
                        new IscsiTargetConfig(address, port, NAME, IscsiLimits.DEFAULT),
                        volumes,
                        loops);
        IscsiTarget two =
                IscsiTarget.start(
                        new IscsiTargetConfig(
                                address, port == 0 ? 0 : port + 1, NAME, IscsiLimits.DEFAULT),
                        volumes.by(NODE_TWO),
                        loops);
        volumes.portals(
                List.of(
                        new Portal(new NodeId(1), address, one.address().getPort()),
                        new Portal(NODE_TWO, address, two.address().getPort())));
        return List.of(one, two);
    }

    static RamVolumeService volumes() {
        return new RamVolumeService()
                .with(0, BYTES, 512, false)
                .with(1, BYTES, 4096, false)
                .with(2, BYTES, 512, true);
    }
}
