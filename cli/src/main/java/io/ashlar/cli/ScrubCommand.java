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
                    "Start a scrub of all data or of one volume, at full rate, as a job. Without --deep it is a"
                            + " sample: of each chunk that any copy has, one piece of 256 KiB (a"
                            + " sixteenth of a chunk of 4 MiB, another one each time) is read and"
                            + " compared on every copy. Only --deep looks at everything.")
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

    @Command(
            name = "status",
            description =
                    "Show what scrubs do and have found, and when each node's groups were scrubbed,"
                            + " as far as the processes that lead them know.")
    void status(
            @Mixin Connection connection,
            @Option(names = "--groups", description = "Each placement group, too.")
                    boolean groups) {
        JsonNode json = connection.client().get("/v1/scrub");
        connection.print(
                json,
                () -> {
                    ApiViews.ScrubState state = Views.of(json, ApiViews.ScrubState.class);
                    return groups ? text(state) + "\n" + groups(state) : text(state);
                });
    }

    private static String groups(ApiViews.ScrubState state) {
        Table table = new Table("GROUP", "PRIMARY", "LIGHT", "DEEP");
        state.nodes()
                .forEach((node, scrub) -> {
                    if (scrub.scrubbed() != null) {
                        scrub.scrubbed()
                                .forEach((group, when) ->
                                        table.row(
                                                group,
                                                node,
                                                age(when.lightSeconds()),
                                                age(when.deepSeconds())));
                    }
                });
        return table.render();
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
                        "LIGHT DONE",
                        "OLDEST",
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
                    node.lightDone(),
                    age(node.oldestLightSeconds()),
                    node.deepDone(),
                    age(node.oldestDeepSeconds()),
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

    private static String age(@Nullable Long seconds) {
        if (seconds == null) {
            return "-";
        }
        return seconds < 120
                ? seconds + " s"
                : seconds < 7200
                        ? seconds / 60 + " min"
                        : seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " d";
    }
}
