package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import io.ashlar.node.configuration.ByteSize;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code ashlar cluster}. */
@Command(name = "cluster", description = "Show and change settings of the whole cluster.")
final class ClusterCommand {
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})\\s*(s|min|h|d)");
    private static final Map<String, Long> SECONDS =
            Map.of("s", 1L, "min", 60L, "h", 3_600L, "d", 86_400L);

    @Command(name = "show", description = "Show the settings.")
    void show(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/settings");
        connection.print(json, () -> text(Views.of(json, ApiViews.Settings.class)));
    }

    @Command(
            name = "set",
            description = "Change settings; what is not named stays. They hold at once.")
    void set(
            @Mixin Connection connection,
            @Option(
                            names = "--away",
                            paramLabel = "TIME",
                            description =
                                    "How long a node must be silent until its copies are made anew"
                                            + " elsewhere, as 90s, 10min, 2h or 1d.")
                    @Nullable String away,
            @Option(
                            names = "--moves-per-node",
                            paramLabel = "N",
                            description =
                                    "Most groups that a node learns or teaches at a time to even"
                                            + " out or heal.")
                    @Nullable Integer moves,
            @Option(
                            names = "--rebalance",
                            paramLabel = "true|false",
                            arity = "1",
                            description =
                                    "Whether data is evened out by itself, or only by 'ashlar"
                                            + " rebalance'.")
                    @Nullable Boolean rebalance,
            @Option(
                            names = "--copy-rate-min",
                            paramLabel = "SIZE",
                            description =
                                    "Bytes per second that a node copies to others however busy"
                                            + " hosts keep it, as 16MiB.")
                    @Nullable String copyMin,
            @Option(
                            names = "--copy-rate-max",
                            paramLabel = "SIZE",
                            description = "Bytes per second that it copies at most.")
                    @Nullable String copyMax,
            @Option(
                            names = "--explicit-alua",
                            paramLabel = "true|false",
                            arity = "1",
                            description =
                                    "Whether hosts may move volumes to other nodes, too, by SET"
                                            + " TARGET PORT GROUPS. Hosts see it when they scan"
                                            + " their devices again.")
                    @Nullable Boolean explicitAlua) {
        if (away == null
                && moves == null
                && rebalance == null
                && copyMin == null
                && copyMax == null
                && explicitAlua == null) {
            throw connection.usage("name a setting to change; 'ashlar cluster show' lists them");
        }
        JsonNode json =
                connection
                        .client()
                        .change(
                                "PATCH",
                                "/v1/settings",
                                new ApiViews.Settings(
                                        away == null ? null : seconds(connection, away),
                                        moves,
                                        rebalance,
                                        bytes(connection, copyMin),
                                        bytes(connection, copyMax),
                                        explicitAlua));
        connection.print(json, () -> text(Views.of(json, ApiViews.Settings.class)));
    }

    private static long seconds(Connection connection, String text) {
        Matcher matcher = TIME.matcher(text.trim());
        Long unit = matcher.matches() ? SECONDS.get(matcher.group(2)) : null;
        if (unit == null) {
            throw connection.usage(
                    "'" + text + "' is not a time; write for example 90s, 10min, 2h or 1d");
        }
        return Long.parseLong(matcher.group(1)) * unit;
    }

    private static @Nullable Long bytes(Connection connection, @Nullable String text) {
        try {
            return text == null ? null : ByteSize.parse(text);
        } catch (IllegalArgumentException e) {
            throw connection.usage(String.valueOf(e.getMessage()));
        }
    }

    private static String text(ApiViews.Settings settings) {
        return "away            "
                + settings.awaySeconds()
                + " s until the copies of a silent node are made anew elsewhere\n"
                + "moves-per-node  "
                + settings.movesPerNode()
                + " groups at a time\n"
                + "rebalance       "
                + (Boolean.TRUE.equals(settings.rebalance())
                        ? "by itself\n"
                        : "by 'ashlar rebalance' only\n")
                + "copy-rate-min   "
                + rate(settings.copyBytesPerSecondMin())
                + "copy-rate-max   "
                + rate(settings.copyBytesPerSecondMax())
                + "explicit-alua   "
                + (Boolean.TRUE.equals(settings.explicitAlua())
                        ? "hosts may move volumes, too\n"
                        : "off: the cluster moves volumes, hosts do not\n");
    }

    private static String rate(@Nullable Long bytes) {
        return (bytes == null ? "?" : ByteSize.format(bytes)) + " per second and node\n";
    }
}
