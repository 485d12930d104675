package io.ashlar.systemtests.kernel;

import io.ashlar.systemtests.cluster.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What programs said when somebody read it against the standards: one file for each of them, in
 * {@code system-tests/src/test/resources/sg3-utils}. {@code -Dashlar.golden.update=true} writes
 * what they say now; whoever commits that has read it.
 */
final class GoldenFiles {
    private static final boolean IS_UPDATING = Boolean.getBoolean("ashlar.golden.update");

    private final Path directory;
    private final Map<Pattern, String> names = new LinkedHashMap<>();
    private final List<String> differences = new ArrayList<>();

    GoldenFiles(Path directory) {
        this.directory = directory;
    }

    /** What varies from run to run is told by a name. */
    GoldenFiles naming(String regex, String name) {
        names.put(Pattern.compile(regex), name);
        return this;
    }

    /** Compares, or keeps, what the commands of one file said. */
    void check(String file, List<String> commands, List<Program.Result> results)
            throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < commands.size(); i++) {
            text.append("$ ").append(commands.get(i)).append('\n');
            text.append(named(results.get(i).output()));
            text.append("status ").append(results.get(i).exitCode()).append("\n\n");
        }
        Path path = directory.resolve(file + ".txt");
        if (IS_UPDATING) {
            Files.createDirectories(directory);
            Files.writeString(path, text);
            return;
        }
        String golden = golden(path);
        if (!golden.contentEquals(text)) {
            differences.add("---- %s is%n%s---- and was%n%s".formatted(path, text, golden));
        }
    }

    private static String golden(Path path) throws IOException {
        try {
            return Files.readString(path, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return "(no such file)\n";
        }
    }

    private String named(String said) {
        String text = said.strip().isEmpty() ? "" : said.stripTrailing() + "\n";
        for (Map.Entry<Pattern, String> each : names.entrySet()) {
            text = each.getKey().matcher(text).replaceAll(each.getValue());
        }
        return text.lines().map(String::stripTrailing).reduce("", (a, b) -> a + b + "\n");
    }

    /** What differed so far. */
    List<String> differences() {
        return List.copyOf(differences);
    }
}
