package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import io.ashlar.node.configuration.ByteSize;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The nodes' answers as text for people. */
public final class StatusText {
    private StatusText() {}

    static String status(ApiViews.Status status) {
        ApiViews.Groups groups = status.placementGroups();
        StringBuilder text = new StringBuilder();
        text.append("cluster   ").append(status.cluster()).append('\n');
        text.append("health    ").append(word(status.health()));
        if (!status.inTouch()) {
            text.append(" (node ")
                    .append(status.respondent())
                    .append(" does not hear of a leader; what follows may be old)");
        }
        text.append('\n');
        text.append("target    ").append(status.target()).append('\n');
        text.append("leader    ")
                .append(status.leader() == null ? "none known" : "node " + status.leader())
                .append(", term ")
                .append(status.term())
                .append('\n');
        text.append("groups    ")
                .append(groups.total())
                .append(": ")
                .append(groups.healthy())
                .append(" healthy, ")
                .append(groups.degraded())
                .append(" degraded, ")
                .append(groups.unavailable())
                .append(" unavailable\n");
        groups.reasons()
                .forEach((reason, count) ->
                        text.append("          ")
                                .append(count)
                                .append(": ")
                                .append(reason)
                                .append('\n'));
        text.append("space     ")
                .append(ByteSize.format(status.space().usedBytes()))
                .append(" used of ")
                .append(ByteSize.format(status.space().capacityBytes()))
                .append(", all copies counted\n");
        text.append(fileSystems(status.nodes()));
        status.warnings()
                .forEach(warning -> text.append("WARNING   ").append(warning).append('\n'));
        if (status.jobs() != null) {
            status.jobs().forEach(job -> text.append("job       ").append(JobCommand.line(job)));
        }
        text.append('\n');
        text.append(nodes(status.nodes()));
        for (ApiViews.Node node : status.nodes()) {
            String left = left(node);
            if (!left.isEmpty()) {
                text.append("\nnode ").append(node.id()).append('\n').append(left);
            }
        }
        if (!status.volumes().isEmpty()) {
            text.append('\n').append(volumes(status.volumes()));
        }
        return text.toString();
    }

    /** The file system that has least room, since it is the first that can fill. */
    private static String fileSystems(List<ApiViews.Node> nodes) {
        ApiViews.Node where = null;
        ApiViews.Device tightest = null;
        long least = Long.MAX_VALUE;
        for (ApiViews.Node node : nodes) {
            for (ApiViews.Device device : node.devices()) {
                Long free = device.fileSystemFreeBytes();
                if (free != null && free < least) {
                    where = node;
                    tightest = device;
                    least = free;
                }
            }
        }
        if (where == null || tightest == null || tightest.fileSystemUsedBytes() == null) {
            return "";
        }
        return "          file systems: "
                + ByteSize.format(least)
                + " free, "
                + ByteSize.format(tightest.fileSystemUsedBytes())
                + " used by all at the tightest, "
                + (tightest.directory() == null ? "a device" : tightest.directory())
                + " of node "
                + where.id()
                + "\n";
    }

    /** One line for a live display. */
    public static String line(ApiViews.Status status) {
        ApiViews.Groups groups = status.placementGroups();
        String nodes =
                status.nodes().stream()
                        .map(n -> n.id() + (n.up() ? n.leader() ? " leads" : " up" : " DOWN"))
                        .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%s | nodes: %s | groups: %d healthy, %d degraded, %d unavailable | %s used",
                word(status.health()),
                nodes,
                groups.healthy(),
                groups.degraded(),
                groups.unavailable(),
                ByteSize.format(status.space().usedBytes()));
    }

    static String nodes(List<ApiViews.Node> nodes) {
        Table table =
                new Table(
                        "NODE",
                        "STATE",
                        "VOTES",
                        "DOMAIN",
                        "WEIGHT",
                        "ISCSI",
                        "PRIMARIES",
                        "REPLICAS",
                        "VOLUMES",
                        "USED",
                        "CAPACITY");
        for (ApiViews.Node node : nodes) {
            table.row(
                    node.id(),
                    state(node),
                    node.voter() ? "yes" : "no",
                    node.failureDomain(),
                    node.weight(),
                    node.addresses().iscsi(),
                    node.primaries(),
                    node.replicas(),
                    node.volumes(),
                    size(node.devices(), true),
                    size(node.devices(), false));
        }
        return table.render();
    }

    private static String state(ApiViews.Node node) {
        if (!node.up()) {
            return "down";
        }
        String state = !node.inTouch() ? "out of touch" : node.leader() ? "up, leads" : "up";
        return node.adminState().equals("ACTIVE")
                ? state
                : state + ", " + node.adminState().toLowerCase(Locale.ROOT);
    }

    private static String size(@Nullable Long bytes) {
        return bytes == null ? "-" : ByteSize.format(bytes);
    }

    private static String size(List<ApiViews.Device> devices, boolean used) {
        long bytes = 0;
        for (ApiViews.Device device : devices) {
            Long part = used ? device.usedBytes() : device.capacityBytes();
            if (part == null) {
                return "-";
            }
            bytes += part;
        }
        return ByteSize.format(bytes);
    }

    static String node(ApiViews.Node node) {
        ApiViews.Addresses a = node.addresses();
        StringBuilder text = new StringBuilder();
        text.append("node         ").append(node.id()).append('\n');
        text.append("state        ").append(state(node)).append('\n');
        text.append("incarnation  ").append(node.incarnation()).append('\n');
        text.append("domain       ").append(node.failureDomain()).append('\n');
        text.append("weight       ").append(node.weight()).append('\n');
        text.append("votes        ").append(node.voter() ? "yes" : "no").append('\n');
        text.append("iscsi        ").append(a.iscsi()).append('\n');
        text.append("data         ").append(a.data()).append('\n');
        text.append("liveness     ").append(a.liveness()).append('\n');
        text.append("raft         ").append(a.raft()).append('\n');
        text.append("api          ").append(a.api()).append('\n');
        text.append("groups       leads ")
                .append(node.primaries())
                .append(", member of ")
                .append(node.replicas())
                .append('\n');
        text.append("volumes      owns ").append(node.volumes()).append('\n');
        text.append(left(node)).append('\n');
        Table table = new Table("DEVICE", "USED", "CAPACITY", "FILE SYSTEM USED", "FREE", "STATE");
        for (ApiViews.Device device : node.devices()) {
            table.row(
                    device.id(),
                    size(List.of(device), true),
                    size(List.of(device), false),
                    size(device.fileSystemUsedBytes()),
                    size(device.fileSystemFreeBytes()),
                    deviceState(device));
        }
        return text.append(table.render()).toString();
    }

    /** What is yet to come to a node or to go from it; nothing if nothing is. */
    static String left(ApiViews.Node node) {
        StringBuilder text = new StringBuilder();
        int coming = node.planned() + node.leaving() - node.replicas();
        if (coming > 0) {
            text.append("to come      ").append(coming).append(" groups\n");
        }
        if (node.adminState().equals("DRAINING")) {
            text.append("to go        ")
                    .append(node.replicas())
                    .append(" groups, ")
                    .append(node.volumes())
                    .append(" volumes, ")
                    .append(size(node.devices(), true))
                    .append(" still on its devices\n");
        } else if (node.leaving() > 0) {
            text.append("to go        ").append(node.leaving()).append(" groups\n");
        }
        if (node.obstacle() != null) {
            text.append("obstacle     ").append(node.obstacle()).append('\n');
        }
        return text.toString();
    }

    private static String deviceState(ApiViews.Device device) {
        if (device.failure() != null) {
            return "failed: " + device.failure();
        }
        Boolean writable = device.writable();
        if (writable == null) {
            return "unknown";
        }
        return !writable ? "full" : Boolean.TRUE.equals(device.nearlyFull()) ? "nearly full" : "ok";
    }

    static String volumes(List<ApiViews.Volume> volumes) {
        Table table =
                new Table("VOLUME", "SIZE", "HEALTH", "OWNER", "POOL", "CHUNKS", "ATTACHED BY");
        for (ApiViews.Volume volume : volumes) {
            table.row(
                    volume.name(),
                    ByteSize.format(volume.bytes()),
                    word(volume.health()),
                    "node " + volume.owner(),
                    volume.pool(),
                    volume.chunks(),
                    attachedBy(volume));
        }
        return table.render();
    }

    private static String attachedBy(ApiViews.Volume volume) {
        if (volume.anyHostLun() != null) {
            return "any host, LUN " + volume.anyHostLun();
        }
        int hosts = volume.mappings().size();
        return hosts == 0 ? "nobody" : hosts + (hosts == 1 ? " host" : " hosts");
    }

    static String volume(ApiViews.Volume volume) {
        StringBuilder text = new StringBuilder();
        text.append("volume       ").append(volume.name()).append('\n');
        text.append("id           ").append(volume.id()).append('\n');
        text.append("identity     ").append(volume.identity()).append('\n');
        text.append("size         ")
                .append(ByteSize.format(volume.bytes()))
                .append(" (")
                .append(volume.bytes())
                .append(" bytes)\n");
        text.append("blocks       ")
                .append(volume.logicalBlockBytes())
                .append(" bytes, physical 4096\n");
        text.append("pool         ").append(volume.pool()).append('\n');
        text.append("health       ").append(word(volume.health())).append('\n');
        text.append("owner        node ")
                .append(volume.owner())
                .append(", access epoch ")
                .append(volume.accessEpoch())
                .append('\n');
        text.append("attached by  ").append(attachedBy(volume)).append('\n');
        if (volume.refused() != null) {
            text.append("refused      ")
                    .append(volume.refused())
                    .append(" late parts of commands; see 'ashlar volume fence-proof'\n");
        }
        if (volume.reservations() != null) {
            text.append("reserved     ").append(reserved(volume.reservations())).append('\n');
        }
        text.append("chunks       ")
                .append(volume.chunks())
                .append(" of ")
                .append(ByteSize.format(volume.chunkBytes()))
                .append("\n\n");
        Table table = new Table("NODE", "PRIMARY OF CHUNKS", "SHARE");
        for (Map.Entry<Integer, Long> entry : volume.primaries().entrySet()) {
            table.row(
                    entry.getKey(),
                    entry.getValue(),
                    String.format(
                            Locale.ROOT, "%.1f %%", 100.0 * entry.getValue() / volume.chunks()));
        }
        text.append(table.render());
        if (!volume.mappings().isEmpty()) {
            text.append('\n').append(mappings(volume.mappings()));
        }
        ApiViews.Reservations reservations = volume.reservations();
        if (reservations != null && !reservations.registrants().isEmpty()) {
            text.append('\n').append(registrants(reservations.registrants()));
        }
        return text.toString();
    }

    private static String registrants(List<ApiViews.Registrant> registrants) {
        Table table = new Table("REGISTERED", "BY NODE", "KEY");
        registrants.forEach(each -> table.row(each.initiatorPort(), each.node(), each.key()));
        return table.render();
    }

    private static String reserved(ApiViews.Reservations reservations) {
        if (reservations.legacyNode() != null) {
            return "by a session with node " + reservations.legacyNode() + " (RESERVE)";
        }
        if (reservations.type() == null) {
            return "no";
        }
        ApiViews.Registrant holder = reservations.holder();
        return reservations.type()
                + (holder == null
                        ? ""
                        : ", by " + holder.initiatorPort() + " by node " + holder.node());
    }

    static String mappings(List<ApiViews.Mapping> mappings) {
        Table table = new Table("HOST", "VOLUME", "LUN", "GROUP");
        mappings.forEach(
                m -> table.row(m.host(), m.volume(), m.lun(), m.group() == null ? "-" : m.group()));
        return table.render();
    }

    static String pools(List<ApiViews.Pool> pools) {
        Table table = new Table("POOL", "GROUPS", "COPIES", "IN SYNC MIN", "VOLUMES");
        for (ApiViews.Pool pool : pools) {
            table.row(
                    pool.name(),
                    pool.placementGroups(),
                    pool.replicas(),
                    pool.inSyncMin(),
                    pool.volumes());
        }
        return table.render();
    }

    static String hosts(List<ApiViews.Host> hosts) {
        Table table = new Table("HOST", "CHAP", "VOLUMES");
        for (ApiViews.Host host : hosts) {
            table.row(
                    host.name(),
                    chap(host.chap()),
                    host.mappings().stream()
                            .map(m -> m.volume() + " (LUN " + m.lun() + ")")
                            .collect(Collectors.joining(", ")));
        }
        return table.render();
    }

    static String host(ApiViews.Host host) {
        return "host  "
                + host.name()
                + "\nCHAP  "
                + chap(host.chap())
                + "\n\n"
                + mappings(host.mappings());
    }

    private static String chap(ApiViews.@Nullable Chap chap) {
        return switch (chap) {
            case null -> "unknown";
            case NONE -> "none";
            case ONE_WAY -> "one-way";
            case MUTUAL -> "mutual";
        };
    }

    static String word(ApiViews.@Nullable Health health) {
        return health == null ? "unknown" : health.name().toLowerCase(Locale.ROOT);
    }
}
