package io.ashlar.volume.ingress;

import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Mapping;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.VolumeInfo;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a host may see. */
public final class Visibility {
    private Visibility() {}

    /** By LUN. A volume that is mapped to the host is not shown a second time for any host. */
    public static SortedMap<Integer, VolumeInfo> volumes(ControlState view, String host) {
        SortedMap<Integer, VolumeInfo> visible = new TreeMap<>();
        SortedSet<VolumeId> mapped = new TreeSet<>();
        SortedMap<Integer, Mapping> mappings = view.mappings().get(host);
        if (mappings != null) {
            mappings.forEach((lun, mapping) -> {
                VolumeRecord volume = view.volumes().get(mapping.volume());
                if (volume != null) {
                    visible.put(lun, info(view, volume));
                    mapped.add(volume.id());
                }
            });
        }
        for (VolumeRecord volume : view.volumes().values()) {
            if (volume.anyHostLun() >= 0 && !mapped.contains(volume.id())) {
                visible.putIfAbsent(volume.anyHostLun(), info(view, volume));
            }
        }
        return Collections.unmodifiableSortedMap(visible);
    }

    static boolean isVisible(ControlState view, String host, VolumeRecord volume) {
        if (volume.anyHostLun() >= 0) {
            return true;
        }
        SortedMap<Integer, Mapping> mappings = view.mappings().get(host);
        if (mappings != null) {
            for (Mapping mapping : mappings.values()) {
                if (mapping.volume().equals(volume.id())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static VolumeInfo info(ControlState view, VolumeRecord volume) {
        return new VolumeInfo(
                volume.id(),
                volume.name(),
                volume.bytes(),
                volume.logicalBlockBytes(),
                volume.identity(),
                false,
                view.settings().explicitAlua(),
                PartPlan.atomicBytes(volume.chunkBytes()));
    }
}
