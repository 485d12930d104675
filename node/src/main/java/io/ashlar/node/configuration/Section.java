package io.ashlar.node.configuration;

import io.ashlar.node.OperatorException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One mapping of the configuration file. It knows its place, so that every complaint names file and
 * key, and which keys were asked for, so that a misspelt one is found.
 */
final class Section {
    private final Path file;
    private final String path;
    private final JsonNode node;
    private final Set<String> known = new TreeSet<>();

    Section(Path file, String path, JsonNode node) {
        this.file = file;
        this.path = path;
        this.node = node;
    }

    /** An exception that names file, key, problem and remedy. */
    OperatorException wrong(String key, String problem) {
        return OperatorException.configuration(file + ": " + place(key) + ": " + problem);
    }

    private String place(String key) {
        return path.isEmpty() ? key : key.isEmpty() ? path : path + "." + key;
    }

    /** Whether the key is there with a value. */
    boolean has(String key) {
        known.add(key);
        JsonNode value = node.get(key);
        return value != null && !value.isNull();
    }

    private JsonNode required(String key, String form) {
        known.add(key);
        JsonNode value = node.get(key);
        if (value == null || value.isNull()) {
            throw wrong(key, "missing; add " + form);
        }
        return value;
    }

    /** A mapping below this one. */
    Section section(String key, String form) {
        JsonNode value = required(key, form);
        if (!value.isObject()) {
            throw wrong(key, "is not a mapping; write " + form);
        }
        return new Section(file, place(key), value);
    }

    /** A mapping that may be absent. */
    @Nullable Section optionalSection(String key, String form) {
        return has(key) ? section(key, form) : null;
    }

    /** The elements of a list, at least one. */
    List<JsonNode> list(String key, String form) {
        JsonNode value = required(key, form);
        if (!value.isArray() || value.isEmpty()) {
            throw wrong(key, "is not a list with at least one entry; write " + form);
        }
        List<JsonNode> elements = new ArrayList<>();
        value.forEach(elements::add);
        return elements;
    }

    /** A list of mappings, at least one. */
    List<Section> sections(String key, String form) {
        List<Section> sections = new ArrayList<>();
        for (JsonNode element : list(key, form)) {
            String place = place(key) + "[" + sections.size() + "]";
            if (!element.isObject()) {
                throw wrong(key + "[" + sections.size() + "]", "is not a mapping; write " + form);
            }
            sections.add(new Section(file, place, element));
        }
        return sections;
    }

    /** A text, as {@code parse} reads it. Its complaint is completed with file and key. */
    <T> T text(String key, String form, Function<String, T> parse) {
        JsonNode value = required(key, form);
        if (!value.isValueNode()) {
            throw wrong(key, "is not a plain value; write " + form);
        }
        try {
            return parse.apply(value.asString());
        } catch (IllegalArgumentException e) {
            throw wrong(key, e.getMessage() + "; write " + form);
        }
    }

    /** As {@link #text}, with a value to take when it is absent. */
    <T> T text(String key, String form, Function<String, T> parse, T absent) {
        return has(key) ? text(key, form, parse) : absent;
    }

    /** A whole number in a range. */
    int integer(String key, int min, int max) {
        JsonNode value = required(key, "a whole number, " + min + " to " + max);
        if (!value.isIntegralNumber() || value.asLong() < min || value.asLong() > max) {
            throw wrong(
                    key,
                    "'"
                            + value.asString()
                            + "' is not a whole number in "
                            + min
                            + " to "
                            + max
                            + "; correct it");
        }
        return value.asInt();
    }

    int integer(String key, int min, int max, int absent) {
        return has(key) ? integer(key, min, max) : absent;
    }

    boolean bool(String key, boolean absent) {
        if (!has(key)) {
            return absent;
        }
        JsonNode value = required(key, "true or false");
        if (!value.isBoolean()) {
            throw wrong(key, "'" + value.asString() + "' is not true or false; write one of them");
        }
        return value.asBoolean();
    }

    /** Refuses keys that nobody asked for. Call it when everything has been read. */
    void end() {
        for (String key : node.propertyNames()) {
            if (!known.contains(key)) {
                throw wrong(key, "unknown key; known here: " + String.join(", ", known));
            }
        }
    }
}
