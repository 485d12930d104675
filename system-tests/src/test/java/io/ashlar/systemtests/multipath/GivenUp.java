package io.ashlar.systemtests.multipath;

import java.io.IOException;

/** No path served a command for too long; whether it took effect is not known. */
public final class GivenUp extends IOException {
    GivenUp(String what) {
        super(what);
    }
}
