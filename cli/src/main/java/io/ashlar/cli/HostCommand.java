package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar host}. */
@Command(name = "host", description = "Create, list, show and delete hosts.")
final class HostCommand {
    private static final String PATH = "/v1/hosts/";

    @Command(name = "create", description = "Make a host known.")
    void create(
            @Mixin Connection connection,
            @Parameters(paramLabel = "HOST", description = "Its initiator name.") String host) {
        JsonNode json =
                connection.client().change("POST", "/v1/hosts", new ApiViews.CreateHost(host));
        connection.print(json, () -> "host " + host + " created\n");
    }

    @Command(name = "list", description = "List the hosts and what they see.")
    void list(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/hosts");
        connection.print(
                json, () -> StatusText.hosts(List.of(Views.of(json, ApiViews.Host[].class))));
    }

    @Command(name = "show", description = "Show one host and what it sees.")
    void show(
            @Mixin Connection connection,
            @Parameters(paramLabel = "HOST", description = "Its initiator name.") String host) {
        JsonNode json = connection.client().get(PATH + ApiClient.segment(host));
        connection.print(
                json, () -> StatusText.mappings(Views.of(json, ApiViews.Host.class).mappings()));
    }

    @Command(name = "delete", description = "Forget a host that sees nothing any more.")
    void delete(
            @Mixin Connection connection,
            @Parameters(paramLabel = "HOST", description = "Its initiator name.") String host) {
        JsonNode json = connection.client().change("DELETE", PATH + ApiClient.segment(host), null);
        connection.print(json, () -> "host " + host + " deleted\n");
    }
}
