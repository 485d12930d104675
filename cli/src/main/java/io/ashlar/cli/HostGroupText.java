package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import java.util.stream.Collectors;

/** What people read about host groups. */
final class HostGroupText {
    private HostGroupText() {}

    static String groups(List<ApiViews.HostGroup> groups) {
        Table table = new Table("GROUP", "HOSTS", "VOLUMES");
        for (ApiViews.HostGroup group : groups) {
            table.row(
                    group.name(),
                    group.hosts().size(),
                    group.mappings().stream()
                            .map(m -> m.volume() + " (LUN " + m.lun() + ")")
                            .collect(Collectors.joining(", ")));
        }
        return table.render();
    }

    static String group(ApiViews.HostGroup group) {
        Table hosts = new Table("HOST");
        group.hosts().forEach(host -> hosts.row(host));
        Table volumes = new Table("VOLUME", "LUN");
        group.mappings().forEach(m -> volumes.row(m.volume(), m.lun()));
        return "host group  " + group.name() + "\n\n" + hosts.render() + "\n" + volumes.render();
    }
}
