package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import io.ashlar.node.configuration.ByteSize;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar scrub}. */
@Command(
        name = "scrub",
        description = "Compare the copies of all data, and repair what is damaged.")
final class ScrubCommand {
    @Command(
            name = "start",
            description =
                    "Start a scrub of all data or of one volume, at full rate, as a job. Without --deep every"
                            + " chunk is looked for on every copy, and one piece of it compared.")
    void start(
            @Mixin Connection connection,
            @Parameters(
                            paramLabel = "VOLUME",
                            arity = "0..1",
                            defaultValue = "all",
                            description = "A volume, or all (default).")
                    String volume,
            @Option(names = "--deep", description = "Read and verify every block of every copy.")
                    boolean deep) {
        @Nullable String name = volume.equals("all") ? null : volume;
        JobCommand.start(connection, new ApiViews.StartJob("SCRUB", null, name, deep));
    }

    @Command(name = "status", description = "Show what scrubs do and have found.")
    void status(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/scrub");
        connection.print(json, () -> text(Views.of(json, ApiViews.ScrubState.class)));
    }

    private static String text(ApiViews.ScrubState state) {
        int led = state.nodes().values().stream().mapToInt(ApiViews.NodeScrub::groups).sum();
        int left = state.nodes().values().stream().mapToInt(n -> n.running() + n.waiting()).sum();
        StringBuilder text = new StringBuilder();
        text.append("scrub     ");
        if (state.running()) {
            text.append("running, ").append(left).append(" of ").append(led).append(" groups left");
        } else {
            text.append("idle");
        }
        if (led < state.groups()) {
            text.append("; of ")
                    .append(state.groups() - led)
                    .append(" groups nothing is known, since their primary does not answer");
        }
        text.append("\n\n");
        Table table =
                new Table(
                        "NODE",
                        "LEADS",
                        "RUNNING",
                        "WAITING",
                        "DEEP DONE",
                        "OLDEST",
                        "COMPARED",
                        "DAMAGED",
                        "REPAIRED",
                        "INCONSISTENT",
                        "LOST");
        for (Map.Entry<Integer, ApiViews.NodeScrub> entry : state.nodes().entrySet()) {
            ApiViews.NodeScrub node = entry.getValue();
            table.row(
                    entry.getKey(),
                    node.groups(),
                    node.running(),
                    node.waiting(),
                    node.deepDone(),
                    node.oldestDeepSeconds() == null ? "-" : age(node.oldestDeepSeconds()),
                    ByteSize.format(node.bytes()),
                    node.damaged(),
                    node.repaired(),
                    node.inconsistent(),
                    node.unrecoverable().size());
        }
        text.append(table.render());
        state.nodes()
                .values()
                .forEach(node -> {
                    node.problems()
                            .forEach((problem, count) ->
                                    text.append(count)
                                            .append(" ended early: ")
                                            .append(problem)
                                            .append('\n'));
                    for (ApiViews.Lost lost : node.unrecoverable()) {
                        text.append("no copy is intact: ")
                                .append(lost.bytes())
                                .append(" bytes at ")
                                .append(lost.offset())
                                .append(" of volume ")
                                .append(lost.volume())
                                .append("; write them again, or restore them\n");
                    }
                });
        return text.toString();
    }

    private static String age(long seconds) {
        return seconds < 120
                ? seconds + " s"
                : seconds < 7200
                        ? seconds / 60 + " min"
                        : seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " d";
    }
}
