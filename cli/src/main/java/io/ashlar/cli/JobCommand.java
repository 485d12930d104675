package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar job}. */
@Command(name = "job", description = "List, show, pause, resume and cancel work that takes long.")
final class JobCommand {
    @Command(
            name = "list",
            description = "List the jobs that are open, and with --all those that ended lately.")
    void list(
            @Mixin Connection connection,
            @Option(names = "--all", description = "Those that have ended, too.") boolean all) {
        JsonNode json = connection.client().get("/v1/jobs");
        connection.print(
                json,
                () ->
                        table(
                                List.of(Views.of(json, ApiViews.Job[].class)).stream()
                                        .filter(job -> all || job.ended() == null)
                                        .toList()));
    }

    @Command(name = "show", description = "Show one job.")
    void show(
            @Mixin Connection connection,
            @Parameters(paramLabel = "JOB", description = "Its number.") long job) {
        JsonNode json = connection.client().get("/v1/jobs/" + job);
        connection.print(json, () -> one(Views.of(json, ApiViews.Job.class)));
    }

    @Command(name = "pause", description = "Have a job begin nothing new; copies under way end.")
    void pause(
            @Mixin Connection connection,
            @Parameters(paramLabel = "JOB", description = "Its number.") long job) {
        wish(connection, job, "pause");
    }

    @Command(name = "resume", description = "Let a paused job go on.")
    void resume(
            @Mixin Connection connection,
            @Parameters(paramLabel = "JOB", description = "Its number.") long job) {
        wish(connection, job, "resume");
    }

    @Command(
            name = "cancel",
            description = {
                "End a job. What it has done stays; a node whose drain is cancelled is active again."
            })
    void cancel(
            @Mixin Connection connection,
            @Parameters(paramLabel = "JOB", description = "Its number.") long job) {
        wish(connection, job, "cancel");
    }

    private static void wish(Connection connection, long job, String wish) {
        JsonNode json = connection.client().change("POST", "/v1/jobs/" + job + "/" + wish, null);
        connection.print(json, () -> one(Views.of(json, ApiViews.Job.class)));
    }

    /** Starts a job, and says what began. */
    static void start(Connection connection, ApiViews.StartJob request) {
        JsonNode json = connection.client().change("POST", "/v1/jobs", request);
        connection.print(
                json,
                () -> {
                    ApiViews.Job job = Views.of(json, ApiViews.Job.class);
                    return "job "
                            + job.id()
                            + " started: "
                            + what(job)
                            + "; 'ashlar job show "
                            + job.id()
                            + "' tells how far it is\n";
                });
    }

    private static String what(ApiViews.Job job) {
        String kind = job.kind().toLowerCase(Locale.ROOT);
        if (job.node() != null) {
            return kind + " of node " + job.node();
        }
        if (job.deep() == null) {
            return kind;
        }
        return (job.deep() ? "deep " : "light ")
                + kind
                + " of "
                + (job.volume() == null ? "all volumes" : "volume " + job.volume());
    }

    /** One line about a job, for the cluster's status. */
    static String line(ApiViews.Job job) {
        return job.id()
                + ": "
                + what(job)
                + ", "
                + job.state().toLowerCase(Locale.ROOT)
                + ", "
                + progress(job)
                + (job.note() == null ? "" : "; " + job.note())
                + "\n";
    }

    private static String progress(ApiViews.Job job) {
        return job.done() + " of " + job.total() + " " + job.unit();
    }

    private static String or(@Nullable String text, String other) {
        return Objects.requireNonNullElse(text, other);
    }

    static String table(List<ApiViews.Job> jobs) {
        Table table = new Table("JOB", "WHAT", "STATE", "PROGRESS", "STARTED", "ENDED", "NOTE");
        for (ApiViews.Job job : jobs) {
            table.row(
                    job.id(),
                    what(job),
                    job.state().toLowerCase(Locale.ROOT),
                    progress(job),
                    job.started(),
                    or(job.ended(), "-"),
                    or(job.note(), ""));
        }
        return table.render();
    }

    private static String one(ApiViews.Job job) {
        StringBuilder text = new StringBuilder();
        text.append("job       ").append(job.id()).append('\n');
        text.append("what      ").append(what(job)).append('\n');
        text.append("state     ").append(job.state().toLowerCase(Locale.ROOT)).append('\n');
        text.append("progress  ").append(progress(job)).append('\n');
        text.append("started   ").append(job.started()).append(", ").append(job.startedBy());
        text.append('\n');
        if (job.ended() != null) {
            text.append("ended     ").append(job.ended()).append(", ");
            text.append(or(job.endedBy(), "unknown")).append('\n');
        }
        if (job.note() != null) {
            text.append("note      ").append(job.note()).append('\n');
        }
        return text.toString();
    }
}
