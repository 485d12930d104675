package io.ashlar.node.api;

/**
 * An answer without its transport.
 *
 * @param status of HTTP
 * @param contentType of the body
 * @param body may be empty
 */
record ApiResponse(int status, String contentType, byte[] body) {
    static final String JSON = "application/json";

    static ApiResponse ok(Object view) {
        return json(200, view);
    }

    static ApiResponse created(Object view) {
        return json(201, view);
    }

    static ApiResponse empty() {
        return new ApiResponse(204, JSON, new byte[0]);
    }

    static ApiResponse json(int status, Object view) {
        return new ApiResponse(status, JSON, Json.MAPPER.writeValueAsBytes(view));
    }
}
