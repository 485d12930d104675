package io.ashlar.systemtests.iscsi;

import java.io.IOException;

/** The target has said that the command can no longer take effect. */
public final class Aborted extends IOException {
    Aborted(ScsiCommand command) {
        super("aborted: " + command);
    }
}
