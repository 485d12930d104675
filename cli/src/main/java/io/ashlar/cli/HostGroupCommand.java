package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar host-group}. */
@Command(
        name = "host-group",
        description = {
            "Create, list, show and delete host groups, and put hosts into them.",
            "All hosts of a group see what 'ashlar volume map --group' maps to it, under the same"
                    + " LUNs; each may see more."
        })
final class HostGroupCommand {
    private static final String PATH = "/v1/host-groups/";

    @Command(name = "create", description = "Make a host group.")
    void create(
            @Mixin Connection connection,
            @Parameters(paramLabel = "GROUP", description = "Its name.") String group) {
        JsonNode json =
                connection
                        .client()
                        .change("POST", "/v1/host-groups", new ApiViews.CreateHostGroup(group));
        connection.print(json, () -> "host group " + group + " created\n");
    }

    @Command(name = "list", description = "List the host groups.")
    void list(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/host-groups");
        connection.print(
                json,
                () -> HostGroupText.groups(List.of(Views.of(json, ApiViews.HostGroup[].class))));
    }

    @Command(name = "show", description = "Show the hosts of a group and what they see by it.")
    void show(
            @Mixin Connection connection,
            @Parameters(paramLabel = "GROUP", description = "Its name.") String group) {
        JsonNode json = connection.client().get(PATH + ApiClient.segment(group));
        connection.print(json, () -> HostGroupText.group(Views.of(json, ApiViews.HostGroup.class)));
    }

    @Command(
            name = "add",
            description = "Put a host into a group; it must have the group's LUNs free.")
    void add(
            @Mixin Connection connection,
            @Parameters(paramLabel = "GROUP", description = "The group.") String group,
            @Parameters(paramLabel = "HOST", description = "The host's initiator name.")
                    String host) {
        JsonNode json = connection.client().change("PUT", member(group, host), null);
        connection.print(json, () -> host + " is in host group " + group + "\n");
    }

    @Command(
            name = "remove",
            description = "Take a host out of a group; it does not see the group's volumes then.")
    void remove(
            @Mixin Connection connection,
            @Parameters(paramLabel = "GROUP", description = "The group.") String group,
            @Parameters(paramLabel = "HOST", description = "The host's initiator name.")
                    String host) {
        JsonNode json = connection.client().change("DELETE", member(group, host), null);
        connection.print(json, () -> host + " is not in host group " + group + " any more\n");
    }

    @Command(
            name = "delete",
            description = "Forget a group that has no mappings any more; its hosts stay.")
    void delete(
            @Mixin Connection connection,
            @Parameters(paramLabel = "GROUP", description = "Its name.") String group) {
        JsonNode json = connection.client().change("DELETE", PATH + ApiClient.segment(group), null);
        connection.print(json, () -> "host group " + group + " deleted\n");
    }

    private static String member(String group, String host) {
        return PATH + ApiClient.segment(group) + "/hosts/" + ApiClient.segment(host);
    }
}
