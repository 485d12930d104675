package io.ashlar.systemtests.failover;

import io.ashlar.systemtests.cluster.DevCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * When each part of a fail-over happened after a kill, read from the logs of the nodes that live.
 * All are processes of one machine, so their clocks are one.
 */
final class FailoverTimeline {
    /** Parts, in the order in which they can end. */
    enum Part {
        /** Raft has another leader, if the killed node led. */
        ELECTED("changes role from CANDIDATE to LEADER", false),
        /** The first backup's grace is over: it asks to lead. */
        GRACE("asks to lead", false),
        /** The last group whose primary was killed is led by another. */
        LED(": leads at epoch", true),
        /** The leader has found the owner silent and proposes another. */
        OWNER_MISSED("ownership of ", false),
        /** The new owner has installed its access epoch everywhere, and serves. */
        SERVES(": serving|^.*OwnedVolume serving ", true);

        private final Pattern pattern;
        private final boolean isLast;

        Part(String pattern, boolean isLast) {
            this.pattern = Pattern.compile(pattern);
            this.isLast = isLast;
        }
    }

    private final Map<Part, Long> millis = new EnumMap<>(Part.class);

    private FailoverTimeline() {}

    /** Reads what the nodes but one have logged between two instants. */
    static FailoverTimeline of(DevCluster cluster, int killedNode, Instant kill, Instant end)
            throws IOException {
        FailoverTimeline timeline = new FailoverTimeline();
        for (int node = 1; node <= DevCluster.NODES; node++) {
            if (node != killedNode) {
                Path log = cluster.directory().resolve("node" + node).resolve("node.log");
                // Decoded leniently: the newest line may be half written.
                String text = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
                text.lines().forEach(line -> timeline.look(line, kill, end));
            }
        }
        return timeline;
    }

    /** Milliseconds from the kill to the end of a part, if it came about. */
    Optional<Long> millis(Part part) {
        return Optional.ofNullable(millis.get(part));
    }

    private void look(String line, Instant kill, Instant end) {
        int space = line.indexOf(' ');
        Instant time;
        try {
            time = Instant.parse(line.substring(0, Math.max(space, 0)));
        } catch (DateTimeParseException e) {
            return; // a line of a stack trace
        }
        if (time.isBefore(kill) || time.isAfter(end)) {
            return;
        }
        long after = time.toEpochMilli() - kill.toEpochMilli();
        for (Part part : Part.values()) {
            if (part.pattern.matcher(line).find()) {
                millis.merge(part, after, part.isLast ? Math::max : Math::min);
            }
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        millis.forEach((part, after) ->
                text.append(text.isEmpty() ? "" : ", ")
                        .append(part.name().toLowerCase(java.util.Locale.ROOT))
                        .append(' ')
                        .append(after));
        return text.toString();
    }
}
