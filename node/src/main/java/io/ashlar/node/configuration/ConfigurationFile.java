package io.ashlar.node.configuration;

import io.ashlar.common.NodeId;
import io.ashlar.node.OperatorException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Reads a node's configuration, in YAML. The first thing that is wrong ends it with one line that
 * names file, key, problem and remedy; nothing is guessed, and nothing is created.
 */
public final class ConfigurationFile {
    private static final int FILE_BYTES_MAX = 1 << 20;
    private static final int VOTERS_MAX = 7;
    private static final int NEARLY_FULL_PERCENT = 85;
    private static final int PLACEMENT_GROUPS_MAX = 4096;
    private static final String UUID_FORM = "a UUID such as 6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    private static final String ADDRESS_FORM = "an address such as 192.0.2.1:3260";
    private static final String VOTERS_FORM = "a list such as [{node: 1, raft: '192.0.2.1:7462'}]";
    private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug", "trace");

    private ConfigurationFile() {}

    /**
     * Reads and checks the file.
     *
     * @throws OperatorException if anything is wrong with it
     */
    public static NodeConfiguration read(Path file) {
        JsonNode root = parse(file);
        if (!root.isObject()) {
            throw OperatorException.configuration(
                    file + ": is not a mapping of keys to values; see the README for an example");
        }
        Section top = new Section(file, "", root);
        NodeConfiguration configuration = read(file, top);
        top.end();
        check(configuration, top);
        return configuration;
    }

    private static JsonNode parse(Path file) {
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw OperatorException.configuration(
                        file + ": has more than " + FILE_BYTES_MAX + " bytes; name another file");
            }
            return YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                    .build()
                    .readTree(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw OperatorException.configuration(
                    file + ": no such file; name the configuration with --config FILE");
        } catch (AccessDeniedException e) {
            throw OperatorException.configuration(file + ": may not be read; check its mode");
        } catch (IOException e) {
            throw OperatorException.configuration(file + ": cannot be read: " + e.getMessage());
        } catch (JacksonException e) {
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            String problem = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
            throw OperatorException.configuration(
                    file + line + ": is not correct YAML: " + problem + "; correct that line");
        }
    }

    private static NodeConfiguration read(Path file, Section top) {
        UUID cluster = top.text("cluster", UUID_FORM, ConfigurationFile::uuid);
        NodeId node = new NodeId(top.integer("node", 1, 0xFFFF));
        String domain =
                top.text(
                        "failureDomain",
                        "a label such as rack-1",
                        ConfigurationFile::label,
                        "host-" + node.value());

        Section addressSection = top.section("addresses", "iscsi, data, liveness, raft and api");
        NodeConfiguration.Addresses addresses =
                new NodeConfiguration.Addresses(
                        address(addressSection, "iscsi"),
                        address(addressSection, "data"),
                        address(addressSection, "liveness"),
                        address(addressSection, "raft"),
                        address(addressSection, "api"));
        addressSection.end();

        List<NodeConfiguration.Voter> voters = new ArrayList<>();
        for (Section voter : top.sections("voters", VOTERS_FORM)) {
            voters.add(
                    new NodeConfiguration.Voter(
                            new NodeId(voter.integer("node", 1, 0xFFFF)), address(voter, "raft")));
            voter.end();
        }

        Path metadataDirectory =
                top.text("metadataDirectory", "a directory that exists", path(file));
        List<Path> dataDirectories = new ArrayList<>();
        for (JsonNode element : top.list("dataDirectories", "a list of directories that exist")) {
            dataDirectories.add(path(file).apply(element.asString()));
        }

        return new NodeConfiguration(
                file,
                cluster,
                node,
                domain,
                addresses,
                voters,
                top.bool("bootstrap", false),
                metadataDirectory,
                dataDirectories,
                pool(top.optionalSection("pool", "placementGroups, replicas, inSyncMin")),
                log(file, top.optionalSection("log", "file and level"), metadataDirectory),
                limits(top.optionalSection("limits", "sizes")));
    }

    private static HostPort address(Section section, String key) {
        return section.text(key, ADDRESS_FORM, HostPort::parse);
    }

    private static NodeConfiguration.FirstPool pool(@Nullable Section section) {
        if (section == null) {
            return new NodeConfiguration.FirstPool(64, 3, 2);
        }
        int groups = section.integer("placementGroups", 1, PLACEMENT_GROUPS_MAX, 64);
        if (Integer.bitCount(groups) != 1) {
            throw section.wrong("placementGroups", groups + " is not a power of two; write 64");
        }
        int replicas = section.integer("replicas", 1, 5, 3);
        int inSyncMin = section.integer("inSyncMin", 1, replicas, Math.min(2, replicas));
        section.end();
        return new NodeConfiguration.FirstPool(groups, replicas, inSyncMin);
    }

    private static NodeConfiguration.Log log(
            Path file, @Nullable Section section, Path metadataDirectory) {
        Path absent = metadataDirectory.resolve("node.log");
        if (section == null) {
            return new NodeConfiguration.Log(absent, "info");
        }
        Path logFile = section.text("file", "a file", path(file), absent);
        String level = section.text("level", "info", ConfigurationFile::level, "info");
        section.end();
        return new NodeConfiguration.Log(logFile, level);
    }

    private static NodeConfiguration.Limits limits(@Nullable Section section) {
        if (section == null) {
            return new NodeConfiguration.Limits(
                    Long.MAX_VALUE, 2L << 30, 64L << 20, 64L << 20, NEARLY_FULL_PERCENT);
        }
        NodeConfiguration.Limits limits =
                new NodeConfiguration.Limits(
                        size(section, "deviceBytes", 1L << 20, Long.MAX_VALUE),
                        size(section, "deviceReserveBytes", 16L << 20, 2L << 30),
                        size(section, "memtableBytes", 1L << 20, 64L << 20),
                        size(section, "blockCacheBytes", 1L << 20, 64L << 20),
                        section.integer("deviceNearlyFullPercent", 1, 99, NEARLY_FULL_PERCENT));
        section.end();
        return limits;
    }

    private static long size(Section section, String key, long min, long absent) {
        Function<String, Long> parse =
                text -> {
                    long bytes = ByteSize.parse(text);
                    if (bytes < min) {
                        throw new IllegalArgumentException(
                                "'" + text + "' is less than " + ByteSize.format(min));
                    }
                    return bytes;
                };
        return section.text(key, "a size such as 1GiB", parse, absent);
    }

    private static UUID uuid(String text) {
        UUID uuid;
        try {
            uuid = UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is not a UUID");
        }
        if (!uuid.toString().equalsIgnoreCase(text) || uuid.equals(new UUID(0, 0))) {
            throw new IllegalArgumentException("'" + text + "' is not a UUID");
        }
        return uuid;
    }

    private static String label(String text) {
        if (!text.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not 1 to 64 letters, digits, dots, dashes or underscores");
        }
        return text;
    }

    private static String level(String text) {
        if (!LEVELS.contains(text)) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not one of error, warn, info, debug, trace");
        }
        return text;
    }

    /** Relative paths are meant from the configuration file's directory. */
    private static Function<String, Path> path(Path file) {
        return text -> {
            if (text.isBlank()) {
                throw new IllegalArgumentException("is empty");
            }
            try {
                return file.toAbsolutePath().resolveSibling(text).normalize();
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("'" + text + "' is no path");
            }
        };
    }

    /** What concerns more than one key, and what must exist. */
    private static void check(NodeConfiguration configuration, Section top) {
        checkAddresses(configuration, top);
        Set<NodeId> voting = new LinkedHashSet<>();
        for (NodeConfiguration.Voter voter : configuration.voters()) {
            if (!voting.add(voter.node())) {
                throw top.wrong(
                        "voters", "names node " + voter.node().value() + " twice; name each once");
            }
            if (voter.node().equals(configuration.node())
                    && !voter.raft().equals(configuration.addresses().raft())) {
                throw top.wrong(
                        "voters",
                        "gives this node the address "
                                + voter.raft()
                                + ", addresses.raft says "
                                + configuration.addresses().raft()
                                + "; make them equal");
            }
        }
        if (voting.size() > VOTERS_MAX || voting.size() % 2 == 0) {
            throw top.wrong(
                    "voters", "names " + voting.size() + " nodes; let 1, 3, 5 or 7 of them vote");
        }
        if (configuration.bootstrap() && !voting.contains(configuration.node())) {
            throw top.wrong(
                    "bootstrap",
                    "is set, but 'voters' does not name this node, "
                            + configuration.node().value()
                            + "; name it there if it founds the cluster, else remove 'bootstrap'");
        }
        existingDirectory("metadataDirectory", configuration.metadataDirectory(), top);
        Set<Path> seen = new LinkedHashSet<>();
        for (int i = 0; i < configuration.dataDirectories().size(); i++) {
            Path directory = configuration.dataDirectories().get(i);
            String key = "dataDirectories[" + i + "]";
            existingDirectory(key, directory, top);
            if (!seen.add(directory) || directory.equals(configuration.metadataDirectory())) {
                throw top.wrong(key, directory + " is used twice; give each its own directory");
            }
        }
        Path logDirectory = configuration.log().file().getParent();
        if (logDirectory != null) {
            existingDirectory("log.file", logDirectory, top);
        }
    }

    private static void checkAddresses(NodeConfiguration configuration, Section top) {
        NodeConfiguration.Addresses a = configuration.addresses();
        Map<String, HostPort> named = new LinkedHashMap<>();
        named.put("iscsi", a.iscsi());
        named.put("data", a.data());
        named.put("liveness", a.liveness());
        named.put("raft", a.raft());
        named.put("api", a.api());
        Map<HostPort, String> taken = new LinkedHashMap<>();
        named.forEach((key, address) -> {
            String other = taken.putIfAbsent(address, key);
            if (other != null) {
                throw top.wrong(
                        "addresses." + key,
                        address + " is also addresses." + other + "; take another port");
            }
        });
    }

    /** A directory that is missing may be a disk that is not mounted: it is never created. */
    private static void existingDirectory(String key, Path directory, Section top) {
        if (!Files.isDirectory(directory)) {
            throw top.wrong(
                    key, directory + " is not a directory; create it, or mount its disk, first");
        }
        if (!Files.isWritable(directory)) {
            throw top.wrong(
                    key, directory + " may not be written by this user; change its owner or mode");
        }
    }
}
