package io.ashlar.systemtests.kernel;

import io.ashlar.systemtests.cluster.Program;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Several hosts in one {@link Guest}: sessions of open-iscsi with initiator names of their own. The
 * unit at LUN 3 of the session "a" is {@code /dev/a-3}, a device that passes SCSI commands on as
 * they are; nobody else uses it, so no unit attention is lost to another.
 */
final class Initiators {
    private static final Duration LOGIN = Duration.ofSeconds(60);

    /** What takes longer than most commands of one call together ever did. */
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private static final int UNIT_ATTENTION = 6;

    private static final String LOGIN_SCRIPT =
            """
            set -e
            name=%1$s; target=%3$s; portal=%4$s
            iscsiadm -m iface -I $name -o new
            iscsiadm -m iface -I $name -o update -n iface.initiatorname -v %2$s
            iscsiadm -m node -o new -T $target -p $portal,%5$d -I $name
            iscsiadm -m node -T $target -p $portal -I $name -o update -n node.session.auth.authmethod -v None
            iscsiadm -m node -T $target -p $portal -I $name --login
            udevadm settle
            grep -lx $name /sys/class/iscsi_session/*/ifacename > /tmp/found
            for unit in $(dirname $(cat /tmp/found))/device/target*/*:*/scsi_generic/*; do
                [ -e $unit ] || continue
                address=${unit%%/scsi_generic/*}
                ln -sf /dev/${unit##*/} /dev/$name-${address##*:}
            done
            """;

    private static final String LOGOUT_SCRIPT =
            """
            for name in %s; do
                iscsiadm -m node -I $name --logout
                iscsiadm -m node -I $name -o delete
                iscsiadm -m iface -I $name -o delete
                rm -f /dev/$name-*
            done
            """;

    /**
     * Runs one command of many; one that is told of a unit attention may be repeated. Programs take
     * long to start in an emulated machine, so none but the command's is.
     */
    private static final String RUN_SCRIPT =
            """
            run() {
                for turn in {1..8}; do
                    eval "$2" > /tmp/said 2>&1
                    status=$?
                    [ $status = $1 ] || break
                done
                mapfile -t said < /tmp/said
                echo "$status ${#said[@]}"
                [ ${#said[@]} = 0 ] || printf '%s\n' "${said[@]}"
            }
            """;

    private final KernelLab lab;
    private final List<String> names = new ArrayList<>();

    Initiators(KernelLab lab) {
        this.lab = lab;
    }

    /**
     * Logs in by one node.
     *
     * @param name of the session here
     * @param initiator its iSCSI name
     */
    void login(String name, String initiator, int node) throws IOException, InterruptedException {
        names.add(name);
        String script =
                LOGIN_SCRIPT.formatted(
                        name, initiator, lab.cluster().targetName(), lab.portal(node), node);
        lab.guest().run(LOGIN, script).orThrow();
    }

    /** Ends all sessions, and forgets them. */
    void logout() throws IOException, InterruptedException {
        lab.guest().run(LOGIN, LOGOUT_SCRIPT.formatted(String.join(" ", names))).orThrow();
        names.clear();
    }

    /** The LUNs for which the kernel has made devices in a session. */
    List<String> units(String name) throws IOException, InterruptedException {
        String script = "cd /dev && ls -d %s-* 2> /dev/null || true".formatted(name);
        return lab.guest().run(LOGIN, script).orThrow().output().lines().toList();
    }

    /** Runs commands of the shell, each to its end, whatever the others do. */
    List<Program.Result> run(List<String> commands) throws IOException, InterruptedException {
        return run(commands, -1);
    }

    /** The same; a command is repeated when it ended with a unit attention. */
    List<Program.Result> runPastAttentions(List<String> commands)
            throws IOException, InterruptedException {
        return run(commands, UNIT_ATTENTION);
    }

    Program.Result run(String command) throws IOException, InterruptedException {
        return run(List.of(command)).getFirst();
    }

    private List<Program.Result> run(List<String> commands, int again)
            throws IOException, InterruptedException {
        StringBuilder script = new StringBuilder(RUN_SCRIPT);
        for (String command : commands) {
            String quoted = "'" + command.replace("'", "'\\''") + "'";
            script.append("run ").append(again).append(' ').append(quoted).append('\n');
        }
        List<String> lines =
                lab.guest().run(PATIENCE, script.toString()).orThrow().output().lines().toList();
        List<Program.Result> results = new ArrayList<>();
        int at = 0;
        for (String command : commands) {
            String[] words = lines.get(at).split(" ", -1);
            int end = at + 1 + Integer.parseInt(words[1]);
            String said =
                    lines.subList(at + 1, end).stream()
                            .map(l -> l + "\n")
                            .reduce("", String::concat);
            results.add(
                    new Program.Result(
                            List.of("guest:", command), Integer.parseInt(words[0]), said, ""));
            at = end;
        }
        return results;
    }
}
