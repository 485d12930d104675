package io.ashlar.cli;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Answers as records, tolerant of fields that a newer node adds. */
final class Views {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private Views() {}

    static <T> T of(JsonNode json, Class<T> type) {
        return MAPPER.treeToValue(json, type);
    }
}
