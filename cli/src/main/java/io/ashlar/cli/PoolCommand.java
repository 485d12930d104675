package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar pool}. */
@Command(name = "pool", description = "Create, list and show pools of placement groups.")
final class PoolCommand {
    private static final String PATH = "/v1/pools";

    @Command(
            name = "create",
            description = {
                "Create a pool, for volumes that are to have another number of copies.",
                "Its groups are spread over all active nodes. A pool stays as it is created."
            })
    void create(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "Its name.") String name,
            @Option(names = "--replicas", description = "Copies of everything; default 3.")
                    @Nullable Integer replicas,
            @Option(
                            names = "--in-sync-min",
                            description =
                                    "With fewer copies in sync it takes no writes; default: one less"
                                            + " than copies, and 1 at least.")
                    @Nullable Integer inSyncMin,
            @Option(
                            names = "--groups",
                            description = "Placement groups, a power of two; default 64.")
                    @Nullable Integer groups) {
        var request = new ApiViews.CreatePool(name, groups, replicas, inSyncMin);
        JsonNode made = connection.client().change("POST", PATH, request);
        connection.print(made, () -> "pool " + name + " created\n");
    }

    @Command(name = "list", description = "List the pools.")
    void list(@Mixin Connection connection) {
        JsonNode json = connection.client().get(PATH);
        connection.print(
                json, () -> StatusText.pools(List.of(Views.of(json, ApiViews.Pool[].class))));
    }

    @Command(name = "show", description = "Show one pool.")
    void show(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "Its name.") String name) {
        JsonNode json = connection.client().get(PATH + "/" + ApiClient.segment(name));
        connection.print(
                json, () -> StatusText.pools(List.of(Views.of(json, ApiViews.Pool.class))));
    }
}
