package io.ashlar.volume;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.NodeId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Consumer;

/** Everything that a front end may ask of the volumes on this node. Safe for use by any thread. */
public interface VolumeService {
    /**
     * Whether this node's replicated view has reached a read index that was taken after its start.
     * Until then a front end answers no login, REPORT LUNS or Identify.
     */
    boolean isReady();

    /** Identity of the cluster; one cluster is one array. */
    UUID clusterId();

    /** This node. */
    NodeId localNode();

    /** Every node's iSCSI portal, this one's included, in order of node ids. */
    List<Portal> portals();

    /**
     * What the host may see, by LUN. The default mapping of a volume that any host may attach
     * counts.
     */
    SortedMap<Integer, VolumeInfo> volumes(String host);

    /**
     * What the host must prove itself with before it may log in, to discover or to use volumes.
     * Empty if nothing is asked of it, which holds for hosts that are not known, too.
     *
     * @param host initiator name
     */
    Optional<ChapSecrets> chap(String host);

    /**
     * Path state of the volume by each node of the cluster, in order of node ids. Empty if there is
     * no such volume.
     */
    SortedMap<NodeId, PathState> paths(VolumeId volume);

    /**
     * Begins an association. If one with the same id is alive, it is fenced first.
     *
     * @param shard where listener and callbacks are called
     * @param done called once, on {@code shard}, when nothing of a replaced association can take
     *     effect any more
     */
    void associate(
            AssociationId id,
            AssociationListener listener,
            Shard shard,
            Consumer<Association> done);
}
