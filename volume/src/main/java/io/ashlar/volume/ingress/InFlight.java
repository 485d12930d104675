package io.ashlar.volume.ingress;

import io.ashlar.common.VolumeId;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.VolumeSettings;
import java.util.Map;
import java.util.TreeMap;

/** Data and commands in flight by this ingress, against the limits (DESIGN section 9). */
final class InFlight {
    private final VolumeSettings settings;
    private final Map<String, Long> bytesByHost = new TreeMap<>();
    private final Map<VolumeId, Long> bytesByVolume = new TreeMap<>();
    private long bytes;
    private int commands;

    InFlight(VolumeSettings settings) {
        this.settings = settings;
    }

    /** Counts it, unless a limit would be passed. */
    boolean tryAdd(HostCommand command) {
        long more =
                switch (command.request) {
                    case IoRequest.Read read -> read.length();
                    case IoRequest.Write write -> write.data().length();
                    case IoRequest.OrWrite or -> or.data().length();
                    case IoRequest.CompareAndWrite compare -> 2 * compare.data().length();
                    case IoRequest.Settle _ -> 0;
                    case IoRequest.Zero _, IoRequest.Flush _, IoRequest.ChangeReservations _ -> 0;
                };
        String host = command.association().id.host();
        if (commands >= settings.nodeCommandsMax()
                || bytes + more > settings.nodeBytesMax()
                || bytesByHost.getOrDefault(host, 0L) + more > settings.hostBytesMax()
                || bytesByVolume.getOrDefault(command.volume(), 0L) + more
                        > settings.volumeBytesMax()) {
            return false;
        }
        commands++;
        bytes += more;
        command.bytes = more;
        bytesByHost.merge(host, more, Long::sum);
        bytesByVolume.merge(command.volume(), more, Long::sum);
        return true;
    }

    void remove(HostCommand command) {
        commands--;
        bytes -= command.bytes;
        subtract(bytesByHost, command.association().id.host(), command.bytes);
        subtract(bytesByVolume, command.volume(), command.bytes);
    }

    private static <K> void subtract(Map<K, Long> map, K key, long less) {
        map.computeIfPresent(key, (_, sum) -> sum == less ? null : sum - less);
    }
}
