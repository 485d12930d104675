package io.ashlar.volume.paths;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Notice;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.PathState;
import io.ashlar.volume.VolumeInfo;
import io.ashlar.volume.ingress.Ingress;
import io.ashlar.volume.ingress.Visibility;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells associations what has changed for them: paths, volumes, sizes. Owned by the volume shard.
 */
public final class ChangeWatch {
    private final ProcessId self;
    private final Ingress ingress;
    private SortedMap<VolumeId, SortedMap<NodeId, PathState>> paths = new TreeMap<>();
    private @Nullable ControlState looked;
    private boolean wasInTouch;

    public ChangeWatch(ProcessId self, Ingress ingress) {
        this.self = self;
        this.ingress = ingress;
    }

    /**
     * Looks for changes.
     *
     * @param hasLivenessChanged whether {@code alive} is another one than last time
     */
    public void look(
            ControlState view,
            SortedSet<NodeId> alive,
            boolean hasLivenessChanged,
            boolean isInTouch) {
        ControlState former = looked == null ? view : looked;
        if (looked != null
                && looked.index() == view.index()
                && !hasLivenessChanged
                && isInTouch == wasInTouch) {
            return;
        }
        looked = view;
        wasInTouch = isInTouch;
        SortedMap<VolumeId, SortedMap<NodeId, PathState>> formerPaths = paths;
        paths = new TreeMap<>();
        for (VolumeRecord volume : view.volumes().values()) {
            paths.put(volume.id(), Paths.of(volume, view, self, alive, isInTouch));
        }
        SortedMap<String, SortedMap<Integer, VolumeInfo>> before = new TreeMap<>();
        SortedMap<String, SortedMap<Integer, VolumeInfo>> now = new TreeMap<>();
        ingress.forEachAssociation((id, tell) -> {
            String host = id.host();
            before.computeIfAbsent(host, name -> Visibility.volumes(former, name));
            now.computeIfAbsent(host, name -> Visibility.volumes(view, name));
            tellVolumes(
                    before.getOrDefault(host, new TreeMap<>()),
                    now.getOrDefault(host, new TreeMap<>()),
                    tell);
            tellReservations(former, view, id, now.getOrDefault(host, new TreeMap<>()), tell);
            tellPaths(formerPaths, now.getOrDefault(host, new TreeMap<>()), tell);
            if (former.hosts().containsKey(host) && !view.hosts().containsKey(host)) {
                tell.accept(listener -> listener.mustClose("the host was removed"));
            }
        });
    }

    private void tellVolumes(
            SortedMap<Integer, VolumeInfo> before,
            SortedMap<Integer, VolumeInfo> now,
            Consumer<Consumer<AssociationListener>> tell) {
        if (!ids(before).equals(ids(now))) {
            tell.accept(AssociationListener::volumesChanged);
        }
        now.forEach((lun, volume) -> {
            VolumeInfo former = before.get(lun);
            if (former != null
                    && former.id().equals(volume.id())
                    && former.bytes() != volume.bytes()) {
                tell.accept(listener -> listener.capacityChanged(volume.id()));
            }
            if (former != null
                    && former.id().equals(volume.id())
                    && former.explicitAlua() != volume.explicitAlua()) {
                tell.accept(listener -> listener.inquiryChanged(volume.id()));
            }
        });
    }

    /** Whatever is newer than the former view; states between them may have been skipped. */
    private void tellReservations(
            ControlState former,
            ControlState view,
            AssociationId id,
            SortedMap<Integer, VolumeInfo> volumes,
            Consumer<Consumer<AssociationListener>> tell) {
        for (VolumeInfo volume : volumes.values()) {
            VolumeRecord before = former.volumes().get(volume.id());
            VolumeRecord after = view.volumes().get(volume.id());
            if (before == null || after == null) {
                continue;
            }
            long told = before.reservations().noticeCount();
            if (after.reservations().noticeCount() == told) {
                continue;
            }
            Nexus nexus = new Nexus(id.initiatorPort(), self.node().value());
            Notice notice = after.reservations().notices().get(nexus);
            if (notice != null && notice.number() > told) {
                tell.accept(listener -> listener.reservationsChanged(volume.id(), notice.kind()));
            }
        }
    }

    private static SortedMap<Integer, VolumeId> ids(SortedMap<Integer, VolumeInfo> volumes) {
        SortedMap<Integer, VolumeId> ids = new TreeMap<>();
        volumes.forEach((lun, volume) -> ids.put(lun, volume.id()));
        return ids;
    }

    private void tellPaths(
            SortedMap<VolumeId, SortedMap<NodeId, PathState>> former,
            SortedMap<Integer, VolumeInfo> volumes,
            Consumer<Consumer<AssociationListener>> tell) {
        for (VolumeInfo volume : volumes.values()) {
            SortedMap<NodeId, PathState> before = former.get(volume.id());
            if (before != null && !before.equals(paths.get(volume.id()))) {
                tell.accept(listener -> listener.pathsChanged(volume.id()));
            }
        }
    }
}
