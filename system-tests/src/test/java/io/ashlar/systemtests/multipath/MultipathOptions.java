package io.ashlar.systemtests.multipath;

import java.time.Duration;

/**
 * Time-outs of a multipath host.
 *
 * @param command after this a command is aborted and its path is failed (Linux: 30 s)
 * @param abort how long the path may take to answer the abort before its session is dropped
 * @param login connect and login
 * @param checkInterval between two looks of the path checker
 * @param busyMax how long BUSY and TASK SET FULL are borne before the path is failed
 * @param giveUp how long a command is kept when no path serves it; then the caller gets an error
 */
public record MultipathOptions(
        Duration command,
        Duration abort,
        Duration login,
        Duration checkInterval,
        Duration busyMax,
        Duration giveUp) {
    public static final MultipathOptions DEFAULT =
            new MultipathOptions(
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(5),
                    Duration.ofMillis(500),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(120));

    public MultipathOptions withGiveUp(Duration duration) {
        return new MultipathOptions(command, abort, login, checkInterval, busyMax, duration);
    }

    public MultipathOptions withCommand(Duration duration) {
        return new MultipathOptions(duration, abort, login, checkInterval, busyMax, giveUp);
    }
}
