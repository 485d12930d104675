package io.ashlar.node.api;

import io.ashlar.metadata.Outcome;

/** A request that is not done, as the caller is told. */
final class ApiException extends RuntimeException {
    private final int status;
    private final ApiViews.Failure failure;

    /**
     * @param status of HTTP
     * @param code for programs
     * @param message for people: what is wrong
     * @param remedy for people: what to do
     */
    ApiException(int status, String code, String message, String remedy) {
        super(message);
        this.status = status;
        this.failure = new ApiViews.Failure(code, message, remedy);
    }

    static ApiException invalid(String message, String remedy) {
        return new ApiException(400, "invalid", message, remedy);
    }

    static ApiException notFound(String message, String remedy) {
        return new ApiException(404, "not_found", message, remedy);
    }

    /** What the state machine said. Its messages read "problem; remedy". */
    static ApiException of(Outcome.Rejected rejected) {
        String message = rejected.message();
        int semicolon = message.lastIndexOf("; ");
        String problem = semicolon < 0 ? message : message.substring(0, semicolon);
        String remedy = semicolon < 0 ? "correct the request" : message.substring(semicolon + 2);
        return switch (rejected.reason()) {
            case NOT_FOUND -> new ApiException(404, "not_found", problem, remedy);
            case EXISTS -> new ApiException(409, "exists", problem, remedy);
            case STALE -> new ApiException(409, "stale", problem, remedy);
            case INVALID -> new ApiException(400, "invalid", problem, remedy);
            case IN_USE -> new ApiException(409, "in_use", problem, remedy);
        };
    }

    int status() {
        return status;
    }

    ApiViews.Failure failure() {
        return failure;
    }
}
