package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar volume}. */
@Command(name = "volume", description = "Create, list, show, resize, delete and map volumes.")
final class VolumeCommand {
    private static final String PATH = "/v1/volumes/";

    @Command(name = "create", description = "Create a volume.")
    void create(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "Its name.") String name,
            @Option(names = "--size", required = true, description = "Its size, for example 10GiB.")
                    String size,
            @Option(names = "--pool", description = "Its pool; default: default.")
                    @Nullable String pool,
            @Option(names = "--block-size", description = "Logical block: 512 (default) or 4096.")
                    @Nullable Integer blockSize,
            @Option(
                            names = "--chunk-size",
                            description = "Unit of placement in bytes; default 4194304.")
                    @Nullable Integer chunkSize,
            @Option(names = "--any-host", description = "Let every host attach it.")
                    boolean anyHost,
            @Option(
                            names = "--lun",
                            description = "With --any-host: its LUN; default: the lowest free one.")
                    @Nullable Integer lun) {
        if (lun != null && !anyHost) {
            throw connection.usage("--lun goes with --any-host; or use 'ashlar volume map'");
        }
        var request =
                new ApiViews.CreateVolume(
                        name, size, null, pool, chunkSize, blockSize, anyHost, lun);
        JsonNode made = connection.client().change("POST", "/v1/volumes", request);
        connection.print(made, () -> "volume " + name + " created\n");
    }

    @Command(name = "list", description = "List the volumes.")
    void list(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/volumes");
        connection.print(
                json, () -> StatusText.volumes(List.of(Views.of(json, ApiViews.Volume[].class))));
    }

    @Command(name = "show", description = "Show one volume, and how it lies on the nodes.")
    void show(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "Its name.") String name) {
        JsonNode json = connection.client().get(PATH + ApiClient.segment(name));
        connection.print(json, () -> StatusText.volume(Views.of(json, ApiViews.Volume.class)));
    }

    @Command(
            name = "resize",
            description = {
                "Make a volume larger; no I/O is interrupted. It cannot be made smaller.",
                "Hosts are told, and see the new size when they rescan their paths."
            })
    void resize(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "The volume.") String name,
            @Parameters(paramLabel = "SIZE", description = "Its new size, for example 20GiB.")
                    String size) {
        JsonNode json =
                connection
                        .client()
                        .change(
                                "PATCH",
                                PATH + ApiClient.segment(name),
                                new ApiViews.ResizeVolume(size, null));
        connection.print(
                json,
                () -> {
                    long bytes = Views.of(json, ApiViews.Volume.class).bytes();
                    return "volume %s has %d bytes%n".formatted(name, bytes);
                });
    }

    @Command(name = "delete", description = "Delete a volume with all its contents.")
    void delete(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "Its name.") String name,
            @Option(names = "--yes", description = "Do not ask.") boolean yes) {
        if (!yes && !isConfirmed(name)) {
            throw CliException.failed("not deleted; say --yes to delete without a question");
        }
        JsonNode json = connection.client().change("DELETE", PATH + ApiClient.segment(name), null);
        connection.print(json, () -> "volume " + name + " deleted\n");
    }

    @Command(
            name = "clear-reservations",
            description = {
                "Remove all registrations and the reservation of a volume, whoever holds it.",
                "For hosts that are gone for good: others may write at once."
            })
    void clearReservations(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "The volume.") String name) {
        JsonNode json =
                connection
                        .client()
                        .change("DELETE", PATH + ApiClient.segment(name) + "/reservations", null);
        connection.print(json, () -> "volume " + name + " is reserved by nobody\n");
    }

    private static boolean isConfirmed(String name) {
        java.io.Console console = System.console();
        if (console == null || !console.isTerminal()) {
            return false;
        }
        String answer = console.readLine("Type the name of the volume to delete it: ");
        return name.equals(answer);
    }

    @Command(
            name = "move",
            description = {
                "Move the ownership of a volume to another node.",
                "Hosts notice no error: commands are held until the new owner serves."
            })
    void move(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "The volume.") String name,
            @Parameters(paramLabel = "NODE", description = "The number of its new owner.")
                    int node) {
        JsonNode json =
                connection
                        .client()
                        .change(
                                "POST",
                                PATH + ApiClient.segment(name) + "/move",
                                new ApiViews.MoveVolume(node));
        connection.print(
                json,
                () -> {
                    ApiViews.Moved moved = Views.of(json, ApiViews.Moved.class);
                    return "volume %s moved from node %d to node %d, access epoch %d%n"
                            .formatted(name, moved.from(), moved.to(), moved.accessEpoch());
                });
    }

    @Command(
            name = "fence-proof",
            description = {
                "Show the last fence certificates of a volume: changes of its owner and of hosts'"
                        + " paths.",
                "Nodes keep them in memory; what was before a restart is in the nodes' logs."
            })
    void fenceProof(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "The volume.") String name) {
        JsonNode json = connection.client().get(PATH + ApiClient.segment(name) + "/fence-proof");
        connection.print(json, () -> FenceText.proof(Views.of(json, ApiViews.FenceProof.class)));
    }

    @Command(name = "map", description = "Show a volume to a host, or to all hosts of a group.")
    void map(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "The volume.") String name,
            @Parameters(
                            paramLabel = "HOST",
                            arity = "0..1",
                            description = "The host's initiator name; or --group.")
                    @Nullable String host,
            @Option(
                            names = "--group",
                            paramLabel = "GROUP",
                            description = "A host group instead of a host.")
                    @Nullable String group,
            @Option(names = "--lun", description = "LUN; default: the lowest free one.")
                    @Nullable Integer lun) {
        String path = mappingPath(connection, host, group, name);
        JsonNode json = connection.client().change("PUT", path, new ApiViews.MapVolume(lun));
        connection.print(
                json,
                () -> {
                    int given = Views.of(json, ApiViews.GroupMapping.class).lun();
                    return group == null
                            ? host + " sees " + name + " as LUN " + given + "\n"
                            : "the hosts of " + group + " see " + name + " as LUN " + given + "\n";
                });
    }

    @Command(
            name = "unmap",
            description = "Take a volume away from a host, or from the hosts of a group.")
    void unmap(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", description = "The volume.") String name,
            @Parameters(
                            paramLabel = "HOST",
                            arity = "0..1",
                            description = "The host's initiator name; or --group.")
                    @Nullable String host,
            @Option(
                            names = "--group",
                            paramLabel = "GROUP",
                            description = "A host group instead of a host.")
                    @Nullable String group) {
        String path = mappingPath(connection, host, group, name);
        JsonNode json = connection.client().change("DELETE", path, null);
        connection.print(
                json,
                () ->
                        group == null
                                ? host + " does not see " + name + " any more\n"
                                : "the hosts of " + group + " do not see " + name + " any more\n");
    }

    private static String mappingPath(
            Connection connection, @Nullable String host, @Nullable String group, String volume) {
        if (host != null && group == null) {
            return mappingPath("/v1/hosts", host, volume);
        }
        if (host == null && group != null) {
            return mappingPath("/v1/host-groups", group, volume);
        }
        throw connection.usage("give a host, or --group GROUP");
    }

    private static String mappingPath(String root, String name, String volume) {
        return String.join(
                "/",
                Arrays.asList(root, ApiClient.segment(name), "volumes", ApiClient.segment(volume)));
    }
}
