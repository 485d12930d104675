package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar host}. */
@Command(name = "host", description = "Create, list, show and delete hosts, and give them secrets.")
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
        connection.print(json, () -> StatusText.host(Views.of(json, ApiViews.Host.class)));
    }

    @Command(
            name = "chap",
            description = {
                "Ask a host for a secret at each login (CHAP), or for none any more.",
                "Its user name is its initiator name, the target's is the target's name. A secret has"
                        + " 12 to 128 printable ASCII letters without spaces (Windows takes 12 to"
                        + " 16); the two must differ. Sessions that stand are left alone. Name a"
                        + " file '-' for standard input; secrets never stand on the command line."
            })
    void chap(
            @Mixin Connection connection,
            @Parameters(paramLabel = "HOST", description = "Its initiator name.") String host,
            @Option(
                            names = "--secret-file",
                            paramLabel = "FILE",
                            description = "Holds the secret that the host proves itself with.")
                    @Nullable String secretFile,
            @Option(
                            names = "--mutual-secret-file",
                            paramLabel = "FILE",
                            description =
                                    "Holds the secret that the target proves itself with, if the"
                                            + " host asks for that (mutual CHAP).")
                    @Nullable String mutualSecretFile,
            @Option(names = "--none", description = "Ask for no secret any more.") boolean none) {
        if (none == (secretFile != null) || (none && mutualSecretFile != null)) {
            throw connection.usage("give --secret-file FILE, or --none");
        }
        if ("-".equals(secretFile) && "-".equals(mutualSecretFile)) {
            throw connection.usage("standard input can hold one secret only; use a file");
        }
        String path = PATH + ApiClient.segment(host) + "/chap";
        JsonNode json =
                secretFile == null
                        ? connection.client().change("DELETE", path, null)
                        : connection
                                .client()
                                .change(
                                        "PUT",
                                        path,
                                        new ApiViews.HostChap(
                                                SecretFile.read(secretFile),
                                                mutualSecretFile == null
                                                        ? null
                                                        : SecretFile.read(mutualSecretFile)));
        connection.print(
                json,
                () ->
                        "host "
                                + host
                                + (none
                                        ? " logs in without a secret\n"
                                        : " must log in by CHAP\n"));
    }

    @Command(
            name = "delete",
            description = "Forget a host that sees nothing any more, and its secrets.")
    void delete(
            @Mixin Connection connection,
            @Parameters(paramLabel = "HOST", description = "Its initiator name.") String host) {
        JsonNode json = connection.client().change("DELETE", PATH + ApiClient.segment(host), null);
        connection.print(json, () -> "host " + host + " deleted\n");
    }
}
