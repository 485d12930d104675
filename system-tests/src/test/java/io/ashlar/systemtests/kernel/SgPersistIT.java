package io.ashlar.systemtests.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Persistent reservations by {@code sg_persist}, through three nodes: of host A by the node that
 * leads the control plane (session "a"), of host B by the volume's owner ("b") and by the third
 * node, where B does not register ("c"): an I_T nexus like any other that is not registered.
 */
@Order(87)
@ExtendWith(WithLab.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class SgPersistIT {
    private static final String VOLUME = "persist";
    private static final String HOST_A = "iqn.2001-04.org.example:persist-a";
    private static final String HOST_B = "iqn.2001-04.org.example:persist-b";
    private static final int GOOD = 0;
    private static final int CONFLICT = 24;
    private static final int UNIT_ATTENTION = 6;
    private static final String A = "/dev/a-0";
    private static final String B = "/dev/b-0";
    private static final String C = "/dev/c-0";

    /** Another session of host A, for a command that never ends: its kernel then holds others. */
    private static final String A_TOO = "/dev/d-0";

    /** How long host A's kernel waits for its commands, seconds: longer than this test lasts. */
    private static final int IN_FLIGHT_SECONDS = 300;

    private static final Duration RECONNECTED = Duration.ofSeconds(60);

    /**
     * CDBs with what they need of sg_raw, by the way in which they conflict: READ (10), WRITE (10),
     * SYNCHRONIZE CACHE (10), MODE SENSE (10), TEST UNIT READY.
     */
    private static final Map<Character, String> COMMANDS =
            Map.of(
                    'R', "sg_raw -r 512 -o /tmp/read %s 28 00 00 00 00 00 00 00 01 00",
                    'W', "sg_raw -s 512 -i /tmp/mine %s 2a 00 00 00 00 00 00 00 01 00",
                    'F', "sg_raw %s 35 00 00 00 00 00 00 00 00 00",
                    'M', "sg_raw -r 252 -o /tmp/mode %s 5a 08 3f 00 00 00 00 00 fc 00",
                    'T', "sg_raw %s 00 00 00 00 00 00");

    private static final String ALL = "RWFMT";
    private static final String READS = "RMT";
    private static final String NONE = "T";

    /**
     * What others than the holder may do, SPC-4 tables 66 and 67, SBC-3 table 13.
     *
     * @param type of the reservation
     * @param registered commands that do not conflict, of a nexus that is registered
     * @param others the same of one that is not
     */
    private record Row(int type, String registered, String others) {}

    private static final List<Row> TABLE =
            List.of(
                    new Row(1, READS, READS), // write exclusive
                    new Row(3, NONE, NONE), // exclusive access
                    new Row(5, ALL, READS), // write exclusive, registrants only
                    new Row(6, ALL, NONE), // exclusive access, registrants only
                    new Row(7, ALL, READS), // write exclusive, all registrants
                    new Row(8, ALL, NONE)); // exclusive access, all registrants

    private static KernelLab lab;
    private static Initiators initiators;
    private static int leader;
    private static int owner;
    private static int third;

    @BeforeAll
    static void start(KernelLab shared) throws Exception {
        lab = shared;
        initiators = new Initiators(lab);
        DevCluster cluster = lab.cluster();
        leader = cluster.api(1).status().path("leader").asInt();
        owner = leader % DevCluster.NODES + 1;
        third = owner % DevCluster.NODES + 1;
        cluster.api(1)
                .change(
                        "POST",
                        "/v1/volumes",
                        "{\"name\": \"%s\", \"size\": \"64MiB\"}".formatted(VOLUME));
        cluster.own(owner, VOLUME);
        for (String host : List.of(HOST_A, HOST_B)) {
            cluster.api(1).change("POST", "/v1/hosts", "{\"name\": \"%s\"}".formatted(host));
            cluster.api(1).change("PUT", "/v1/hosts/" + host + "/volumes/" + VOLUME, "{}");
        }
        initiators.login("a", HOST_A, leader);
        initiators.login("b", HOST_B, owner);
        initiators.login("c", HOST_B, third);
        initiators.login("d", HOST_A, leader);
        String data =
                "for data in mine first.data second.data; do yes $data | head -c 512 > /tmp/$data; done";
        initiators.run(data).orThrow();
        lab.say("A by node %d, B by nodes %d and %d".formatted(leader, owner, third));
    }

    @AfterAll
    static void stop() throws Exception {
        initiators.logout();
        lab.cluster().deleteVolumes();
    }

    @Test
    @Order(1)
    void eachTypeConflictsAsTheStandardsTableSays() throws Exception {
        // Protects F4 for hosts that know no more of the cluster than the standard.
        Script script = new Script();
        for (Row row : TABLE) {
            String type = " --prout-type=" + row.type;
            script.expect(GOOD, out(A, "--register-ignore --param-sark=0xa"));
            script.expect(GOOD, out(B, "--register-ignore --param-sark=0xb"));
            script.expect(GOOD, out(A, "--reserve --param-rk=0xa" + type));
            boolean areAllHolders = row.type >= 7;
            int again = areAllHolders ? GOOD : CONFLICT;
            script.expect(again, out(B, "--reserve --param-rk=0xb" + type));
            script.expect(CONFLICT, out(C, "--reserve --param-rk=0xc" + type));
            script.expect(CONFLICT, out(C, "--clear --param-rk=0xc"));
            script.expect(ALL, 'R', A);
            script.expect(ALL, 'W', A);
            for (char command : ALL.toCharArray()) {
                script.expect(row.registered, command, B);
                script.expect(row.others, command, C);
            }
            if (!areAllHolders) {
                // nothing happens when somebody releases who does not hold
                script.expect(GOOD, out(B, "--release --param-rk=0xb" + type));
                script.expect(row.others, 'W', C);
            }
            script.expect(GOOD, out(A, "--release --param-rk=0xa" + type));
            script.expect(GOOD, COMMANDS.get('W').formatted(C));
            script.expect(GOOD, out(B, "--clear --param-rk=0xb"));
        }
        script.run();
        lab.say("six types");
    }

    @Test
    @Order(2)
    void whatIsMovedClearedOrPreemptedIsTold() throws Exception {
        // Protects clusters of hosts, which fence each other with nothing but these.
        Script script = new Script();
        script.expect(GOOD, out(B, "--register --param-sark=0xb"));
        script.run();
        String full = read(in(A, "-s"));
        Matcher port = Pattern.compile(HOST_B + ",i,0x[0-9a-f]+").matcher(full);
        assertThat(port.find()).as(full).isTrue();

        script = new Script();
        script.expect(GOOD, out(A, "--register-ignore --param-sark=0xa"));
        script.expect(CONFLICT, out(A, "--register --param-rk=0xdead --param-sark=0xb"));
        script.expect(GOOD, out(A, "--reserve --param-rk=0xa --prout-type=3"));
        script.expect(CONFLICT, COMMANDS.get('W').formatted(B));
        // REGISTER AND MOVE: B has the reservation, with a key that A chose, and A has none
        script.expect(
                GOOD,
                out(
                        A,
                        "--register-move --param-rk=0xa --param-sark=0xb2 --unreg --relative-target-port="
                                + owner
                                + " --transport-id="
                                + port.group()));
        script.expect(GOOD, COMMANDS.get('W').formatted(B));
        script.expect(CONFLICT, COMMANDS.get('W').formatted(A));
        script.expect("1 registered reservation key follows:\n    0xb2\n", in(A, "-k"));
        script.expect("Key=0xb2\n    scope: LU_SCOPE,  type: Exclusive Access\n", in(C, "-r"));
        script.expect(GOOD, out(A, "--register-ignore --param-sark=0xa"));
        script.run();

        // PREEMPT of the holder: A has the reservation, of another type; B is registered no more
        script = new Script();
        script.expect(
                CONFLICT, out(A, "--preempt --param-rk=0xa --param-sark=0xbad --prout-type=1"));
        script.expect(GOOD, out(A, "--preempt --param-rk=0xa --param-sark=0xb2 --prout-type=1"));
        script.attention(B, "Registrations preempted");
        script.expect(GOOD, COMMANDS.get('R').formatted(B));
        script.expect(CONFLICT, COMMANDS.get('W').formatted(B));
        script.expect(CONFLICT, out(B, "--release --param-rk=0xb2 --prout-type=1"));
        script.expect("Key=0xa\n    scope: LU_SCOPE,  type: Write Exclusive\n", in(C, "-r"));
        script.run();

        // RELEASE of a type for registrants tells them; CLEAR tells all; a lone registration, too
        script = new Script();
        script.expect(GOOD, out(B, "--register --param-sark=0xb"));
        script.expect(GOOD, out(A, "--release --param-rk=0xa --prout-type=1"));
        script.expect(GOOD, out(A, "--reserve --param-rk=0xa --prout-type=6"));
        script.expect(GOOD, COMMANDS.get('W').formatted(B));
        script.expect(GOOD, out(A, "--release --param-rk=0xa --prout-type=6"));
        script.attention(B, "Reservations released");
        script.expect(GOOD, out(A, "--preempt --param-rk=0xa --param-sark=0xb --prout-type=1"));
        script.attention(B, "Registrations preempted");
        script.expect("1 registered reservation key follows:\n    0xa\n", in(B, "-k"));
        script.expect(GOOD, out(B, "--register --param-sark=0xb"));
        script.expect(GOOD, out(B, "--clear --param-rk=0xb"));
        script.attention(A, "Reservations preempted");
        script.expect("there are NO registered reservation keys\n", in(C, "-k"));
        script.run();
        lab.say("moved, preempted, released, cleared");
    }

    @Test
    @Order(3)
    void preemptAndAbortEndsWhatIsInFlight() throws Exception {
        // Protects the new holder's data from what the preempted one sent before.
        Script script = new Script();
        script.expect(GOOD, out(A, "--register-ignore --param-sark=0xa"));
        script.expect(GOOD, out(A_TOO, "--register-ignore --param-sark=0xa"));
        script.expect(GOOD, out(B, "--register-ignore --param-sark=0xb"));
        script.expect(GOOD, out(A, "--reserve --param-rk=0xa --prout-type=6"));
        script.expect(ALL, 'W', A_TOO);
        script.expect(ALL, 'T', A);
        script.expect(ALL, 'T', B);
        script.run();
        DevCluster cluster = lab.cluster();
        assertThat(cluster.owner(1, VOLUME)).isEqualTo(owner);
        // until the third node is out of the groups, no write is on all copies
        cluster.pauseAtOnce(third);
        List<Program.Result> said;
        try {
            said =
                    initiators.run(
                            List.of(
                                    delayed("first"),
                                    "sleep 0.3",
                                    delayed("second"), // waits for the first, of the same block
                                    "sleep 0.3; ! ls /tmp/*.status",
                                    out(
                                            B,
                                            "--preempt-abort --param-rk=0xb --param-sark=0xa"
                                                    + " --prout-type=3"),
                                    COMMANDS.get('W').formatted(B),
                                    "cat /tmp/first; (exit $(cat /tmp/first.status))",
                                    "cat /tmp/second; grep -q 'Task Aborted' /tmp/second"));
        } finally {
            cluster.resumeNode(third);
        }
        said.forEach(System.out::println);
        assertThat(said.get(3).exitCode()).as("both were in flight").isEqualTo(GOOD);
        assertThat(said.get(4).exitCode()).as("preempted").isEqualTo(GOOD);
        assertThat(said.get(5).exitCode()).as("the new holder writes").isEqualTo(GOOD);
        // what was on its way to the copies is waited for, and its host told the truth
        assertThat(said.get(6).exitCode()).as("the first was done").isEqualTo(GOOD);
        // what was not is aborted, and as TAS is 1 its host is told
        assertThat(said.get(7).exitCode()).as("the second was aborted").isEqualTo(GOOD);
        script = new Script();
        script.attention(A, "Registrations preempted");
        script.expect(NONE, 'W', A);
        script.expect("Key=0xb\n    scope: LU_SCOPE,  type: Exclusive Access\n", in(A, "-r"));
        script.run();
        read(COMMANDS.get('R').formatted(B) + " && cmp /tmp/read /tmp/mine");
        lab.say("preempted and aborted");
    }

    /** A write of host A in the background, with data of its own; its status is kept. */
    private static String delayed(String name) {
        String write = COMMANDS.get('W').formatted(A_TOO);
        return "(%s; echo $? > /tmp/%s.status) > /tmp/%s 2>&1 &"
                .formatted(
                        write.replace("sg_raw", "sg_raw -t " + IN_FLIGHT_SECONDS)
                                .replace("mine", name + ".data"),
                        name,
                        name);
    }

    @Test
    @Order(4)
    void keysAndHolderOutliveAllNodes() throws Exception {
        // Protects APTPL: hosts rely on what they reserved after the lights went out.
        Script script = new Script();
        script.expect(GOOD, out(B, "--register-ignore --param-sark=0xb --param-aptpl"));
        script.expect(GOOD, out(A, "--register-ignore --param-sark=0xa --param-aptpl"));
        script.run();
        String before = read(in(A, "-s"));
        assertThat(before).contains("Reservation holder", "Key=0xa\n", "Key=0xb\n");
        lab.cluster().killAtOnce(1, 2, 3);
        lab.cluster().start();
        lab.say("all nodes were killed and started");
        String waits = "for i in {1..600}; do %s && break; sleep 0.1; done";
        for (String unit : List.of(A, B, C)) {
            initiators.run(waits.formatted(COMMANDS.get('T').formatted(unit))).orThrow();
        }
        for (String unit : List.of(A, B, C)) {
            assertThat(read(in(unit, "-s"))).isEqualTo(before);
        }
        read(COMMANDS.get('R').formatted(B) + " && cmp /tmp/read /tmp/mine");
        assertThat(initiators.run("cat /tmp/second; (exit $(cat /tmp/second.status))").exitCode())
                .as("the aborted command ended with its connection")
                .isNotIn(GOOD, UNIT_ATTENTION, CONFLICT);
        script = new Script();
        script.expect(CONFLICT, COMMANDS.get('R').formatted(A));
        script.expect(CONFLICT, COMMANDS.get('W').formatted(C));
        script.expect(GOOD, COMMANDS.get('W').formatted(B));
        script.expect(GOOD, out(B, "--clear --param-rk=0xb"));
        script.expect(GOOD, COMMANDS.get('W').formatted(C));
        script.run();
        lab.say("keys and holder are there");
    }

    private static String out(String unit, String options) {
        return "sg_persist --no-inquiry --out " + options + " " + unit;
    }

    private static String read(String command) throws Exception {
        return initiators.runPastAttentions(List.of(command)).getFirst().orThrow().output();
    }

    private static String in(String unit, String options) {
        return "sg_persist --no-inquiry " + options + " " + unit;
    }

    /** Commands and what is expected of them, run in one go, since that is much faster. */
    private static final class Script {
        private record Line(String command, int status, String text) {}

        private final List<Line> lines = new ArrayList<>();

        void expect(int status, String command) {
            lines.add(new Line(command, status, ""));
        }

        void expect(String allowed, char command, String unit) {
            int status = allowed.indexOf(command) >= 0 ? GOOD : CONFLICT;
            expect(status, COMMANDS.get(command).formatted(unit));
        }

        void expect(String text, String command) {
            lines.add(new Line(command, GOOD, text));
        }

        /** The unit tells of it, perhaps a moment later. */
        void attention(String unit, String text) {
            String command = COMMANDS.get('T').formatted(unit);
            lines.add(
                    new Line(
                            "for i in {1..50}; do %s && sleep 0.1 || break; done"
                                    .formatted(command),
                            GOOD,
                            text));
        }

        void run() throws Exception {
            List<Program.Result> results =
                    initiators.runPastAttentions(lines.stream().map(Line::command).toList());
            List<String> wrong = new ArrayList<>();
            for (int i = 0; i < results.size(); i++) {
                Program.Result result = results.get(i);
                if (result.exitCode() != lines.get(i).status
                        || !result.output().contains(lines.get(i).text)) {
                    wrong.add("expected %s of %s".formatted(lines.get(i), result));
                }
            }
            assertThat(wrong).isEmpty();
        }
    }
}
