package io.ashlar.cli;

import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Options that every command which talks to nodes has. */
final class Connection {
    enum Output {
        table,
        json
    }

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--api",
            paramLabel = "URL",
            description =
                    "Nodes to ask, separated by commas. Default: $ASHLAR_API, else those of the"
                            + " development cluster.")
    private String api = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table for people (default) or json for programs.")
    private Output output = Output.table;

    ApiClient client() {
        String fromEnvironment = System.getenv("ASHLAR_API");
        String urls =
                !api.isEmpty()
                        ? api
                        : fromEnvironment != null && !fromEnvironment.isBlank()
                                ? fromEnvironment
                                : ApiClient.DEFAULT_URLS;
        return new ApiClient(urls);
    }

    boolean isJson() {
        return output == Output.json;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Prints the node's own JSON, or what the caller makes of it. */
    void print(JsonNode json, Supplier<String> forPeople) {
        out().print(isJson() ? ApiClient.pretty(json) + "\n" : forPeople.get());
        out().flush();
    }
}
