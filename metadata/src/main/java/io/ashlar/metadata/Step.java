package io.ashlar.metadata;

import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Outcome.Reason;

/** One command on its way through the state machine: where it stands, and its two ways out. */
record Step(ControlState state, long index) {
    private static final int MESSAGE_MAX = 400;
    private static final int QUOTED_MAX = 64;

    Result applied(ControlState next, long value) {
        return new Result(next.at(index), new Outcome.Applied(index, value));
    }

    Result applied(ControlState next) {
        return applied(next, 0);
    }

    Result rejected(Reason reason, String message) {
        String bounded =
                message.length() <= MESSAGE_MAX ? message : message.substring(0, MESSAGE_MAX);
        return new Result(state.at(index), new Outcome.Rejected(index, reason, bounded));
    }

    /** For messages: what a user typed, cut short, without anything that a terminal would obey. */
    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), QUOTED_MAX); i++) {
            char c = text.charAt(i);
            out.append(c > ' ' && c < 0x7F ? c : '?');
        }
        return out.append(text.length() > QUOTED_MAX ? "...\"" : "\"").toString();
    }

    /** Names of pools, volumes and failure domains. */
    static boolean isName(String text) {
        if (text.isEmpty() || text.length() > Limits.NAME_MAX) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean letterOrDigit = isIn(c, 'a', 'z') || isIn(c, 'A', 'Z') || isIn(c, '0', '9');
            boolean inner = i > 0 && (c == '-' || c == '_' || c == '.');
            if (!letterOrDigit && !inner) {
                return false;
            }
        }
        return true;
    }

    /** Printable ASCII without spaces. */
    static boolean isWord(String text, int lettersMax) {
        if (text.length() > lettersMax) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) <= ' ' || text.charAt(i) >= 0x7F) {
                return false;
            }
        }
        return true;
    }

    static final String NAME_RULE =
            "use 1 to 63 letters, digits, '-', '_' or '.', the first one a letter or digit";

    private static boolean isIn(char c, char first, char last) {
        return c >= first && c <= last;
    }
}
