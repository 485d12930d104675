package io.ashlar.systemtests.multipath;

import io.ashlar.systemtests.iscsi.ScsiCommand;
import io.ashlar.systemtests.iscsi.ScsiResult;
import java.io.IOException;

/** An answer that a multipath host would hand on to the application as an I/O error. */
public final class HardError extends IOException {
    HardError(ScsiCommand command, ScsiResult result) {
        super(result + " for " + command);
    }
}
