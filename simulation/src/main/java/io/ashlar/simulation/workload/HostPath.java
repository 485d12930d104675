package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.PathState;
import java.util.SortedMap;

/** One connection of a host to one process, as the host's multipath layer uses it. */
interface HostPath {
    /** What the host hears. */
    interface Listener {
        /** It may send commands. */
        void onUp(HostPath path);

        /** The path does not answer; everything on it must go by another one. */
        void onLost(HostPath path);

        void onResult(HostPath path, long tag, IoResult result);

        /** The abort is answered: the command can no longer take effect. */
        void onAborted(HostPath path, long tag);

        /** The LUN reset is answered: nothing that was sent before can take effect any more. */
        void onReset(HostPath path, VolumeId volume, long tag);

        /** The logout is answered: nothing that was sent by the path can take effect any more. */
        void onLoggedOut(HostPath path);

        /** The path states of some volume have changed. */
        void onPathsChanged(HostPath path);
    }

    SimProcess process();

    /** Begins the login; {@link Listener#onUp} tells of its end. */
    void login();

    void send(long tag, IoRequest request);

    void abort(long tag);

    void reset(VolumeId volume, long tag);

    /** Ends it in good order, if its kind knows how to; {@link Listener#onLoggedOut} tells. */
    default boolean logout() {
        return false;
    }

    /** Asks for a sign of life; {@link #heardAtNanos} tells of the answer. */
    void askIfThere();

    /** When the host last heard anything by it. */
    long heardAtNanos();

    /** Path states as the far end reports them. */
    SortedMap<NodeId, PathState> paths(VolumeId volume);

    /** A volume's size as the far end told it. */
    long bytes(VolumeId volume);

    /** The host hears nothing more of it. What it sent may still arrive. */
    void abandon();
}
