package io.ashlar.node.api;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A request without its transport.
 *
 * @param method GET, POST, PUT or DELETE
 * @param path decoded, without the query
 * @param query one value each
 * @param body may be empty
 */
record ApiRequest(String method, String path, Map<String, String> query, byte[] body) {
    ApiRequest {
        query = Map.copyOf(query);
    }

    /** The body as a record; unknown fields are refused by name. */
    <T> T body(Class<T> type) {
        if (body.length == 0) {
            throw ApiException.invalid("the request has no body", "send a JSON object");
        }
        try {
            T value = Json.MAPPER.readValue(body, type);
            if (value == null) {
                throw ApiException.invalid("the body is null", "send a JSON object");
            }
            return value;
        } catch (JacksonException e) {
            String problem = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
            throw ApiException.invalid(
                    "the body is not what is expected: " + problem,
                    "send a JSON object with the documented fields");
        }
    }

    @Nullable String query(String key) {
        return query.get(key);
    }

    /** A whole number of the query. */
    int query(String key, int min, int max, int absent) {
        String text = query.get(key);
        if (text == null) {
            return absent;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // answered below
        }
        throw ApiException.invalid(
                "'" + key + "' is '" + text + "'", "give a number in " + min + " to " + max);
    }
}
