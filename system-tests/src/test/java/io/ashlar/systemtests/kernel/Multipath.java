package io.ashlar.systemtests.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One device as {@code multipath -ll} shows it.
 *
 * @param groups in the order of the output
 */
record Multipath(List<Group> groups) {
    /** Optimized, as multipath-tools reckon it. */
    static final int OPTIMIZED = 50;

    static final int NON_OPTIMIZED = 10;

    private static final Pattern GROUP =
            Pattern.compile("policy='[^']*' prio=(\\d+) status=(\\w+)");
    private static final Pattern PATH =
            Pattern.compile("\\d+:\\d+:\\d+:\\d+ +(\\w+) +\\d+:\\d+ +(\\w+) +(\\w+) +(\\w+)");

    /**
     * Paths of one priority.
     *
     * @param status active: the one in use
     */
    record Group(int priority, String status, List<Path> paths) {}

    /**
     * One path.
     *
     * @param address of the portal
     * @param state such as "active ready running"
     */
    record Path(String address, String state) {
        boolean isReady() {
            return state.equals("active ready running");
        }
    }

    /**
     * Parses the output for one device.
     *
     * @param portals the portal's address for each disk, by its name
     */
    static Multipath parse(String output, Map<String, String> portals) {
        List<Group> groups = new ArrayList<>();
        for (String line : output.lines().toList()) {
            Matcher group = GROUP.matcher(line);
            Matcher path = PATH.matcher(line);
            if (group.find()) {
                groups.add(
                        new Group(
                                Integer.parseInt(group.group(1)),
                                group.group(2),
                                new ArrayList<>()));
            } else if (path.find() && !groups.isEmpty()) {
                String address = portals.getOrDefault(path.group(1), "?");
                groups.getLast()
                        .paths()
                        .add(
                                new Path(
                                        address,
                                        path.group(2) + " " + path.group(3) + " " + path.group(4)));
            }
        }
        return new Multipath(List.copyOf(groups));
    }

    int readyPaths() {
        return (int) groups.stream().flatMap(g -> g.paths().stream()).filter(Path::isReady).count();
    }

    /**
     * Whether the path by this portal is ready, and the only one that is both ready and optimized.
     * A path that is down keeps the priority that it had.
     */
    boolean isOptimized(String address) {
        List<Path> optimized =
                groups.stream()
                        .filter(g -> g.priority() >= OPTIMIZED)
                        .flatMap(g -> g.paths().stream())
                        .filter(Path::isReady)
                        .toList();
        return optimized.size() == 1 && optimized.getFirst().address().equals(address);
    }

    /** The same, and I/O goes there. Before the first I/O no group is active. */
    boolean isInUse(String address) {
        return isOptimized(address)
                && groups.stream()
                        .filter(g -> g.status().equals("active"))
                        .anyMatch(
                                g -> g.paths().stream().anyMatch(p -> p.address().equals(address)));
    }
}
