package io.ashlar.systemtests.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** What sg3-utils make of a volume, command by command, compared with {@link GoldenFiles}. */
@Order(86)
@ExtendWith(WithLab.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ScsiToolsIT {
    private static final Path GOLDEN =
            Path.of(System.getProperty("ashlar.home"))
                    .resolve("system-tests/src/test/resources/sg3-utils")
                    .normalize();
    private static final String HOST = "iqn.2001-04.org.example:tools";
    private static final String STRANGER = "iqn.2001-04.org.example:stranger";
    private static final int NODE = 1;

    /** 8 blocks of 512 bytes, twice; the second half of the last one differs. */
    private static final String DATA =
            "yes Ashlar | head -c 4096 > /tmp/data; cat /tmp/data /tmp/data | head -c 1024 > /tmp/same;"
                    + " { head -c 512 /tmp/data; yes other | head -c 512; } > /tmp/swap";

    /** The node of these sessions may be the last to hear that ALUA is explicit now. */
    private static final List<String> EXPLICIT =
            List.of(
                    "for i in {1..50}; do sg_inq /dev/a-0 | grep -o TPGS=3 && break; sleep 0.1; done",
                    "sg_turs /dev/a-0 > /tmp/turs 2>&1; sg_opcodes --op=0xa4 --sa=0xa /dev/a-0",
                    "sg_stpg --tp=2 --state=ao /dev/a-0",
                    "sg_rtpg -e -d /dev/a-0",
                    "sg_stpg --tp=2 --state=an /dev/a-0",
                    "sg_stpg --tp=1,3 --state=ao,ao /dev/a-0",
                    "sg_stpg --tp=3 --state=s /dev/a-0",
                    "sg_stpg --tp=9 --state=ao /dev/a-0",
                    "sg_stpg --tp=1,2,3 --state=an,ao,an /dev/a-0");

    private static KernelLab lab;
    private static Initiators initiators;

    @BeforeAll
    static void start(KernelLab shared) throws Exception {
        lab = shared;
        initiators = new Initiators(lab);
        DevCluster cluster = lab.cluster();
        for (String volume : List.of("tools", "copy")) {
            cluster.api(1)
                    .change(
                            "POST",
                            "/v1/volumes",
                            "{\"name\": \"%s\", \"size\": \"64MiB\"}".formatted(volume));
        }
        cluster.own(NODE, "tools");
        for (String host : List.of(HOST, STRANGER)) {
            cluster.api(1).change("POST", "/v1/hosts", "{\"name\": \"%s\"}".formatted(host));
        }
        for (String volume : List.of("tools", "copy")) {
            cluster.api(1).change("PUT", "/v1/hosts/" + HOST + "/volumes/" + volume, "{}");
        }
        initiators.login("a", HOST, NODE);
        initiators.run(DATA).orThrow();
        lab.say("the tools have their volume");
    }

    @AfterAll
    static void stop() throws Exception {
        initiators.logout();
        lab.cluster().deleteVolumes();
    }

    @Test
    @Order(1)
    void aHostThatIsNotMappedSeesNothing() throws Exception {
        // Protects volumes from hosts that log in, known to the cluster or not.
        initiators.login("known", STRANGER, 2);
        initiators.login("unknown", STRANGER + "-2", 3);
        assertThat(initiators.units("a")).containsExactly("a-0", "a-1");
        assertThat(initiators.units("known")).isEmpty();
        assertThat(initiators.units("unknown")).isEmpty();
    }

    @Test
    @Order(2)
    void theToolsShowWhatTheStandardsSay() throws Exception {
        // Protects every answer that some host reads: a golden file was read against SPC-4, SBC-3.
        compare(cases());
    }

    @Test
    @Order(3)
    void explicitAluaLetsAHostMoveTheVolume() throws Exception {
        // Protects hosts that choose the path: what is answered is true, what cannot be is refused.
        lab.explicitAlua(true);
        compare(Map.of("stpg-explicit", EXPLICIT));
        assertThat(lab.cluster().owner(2, "tools")).isEqualTo(2);
        lab.explicitAlua(false);
    }

    private static void compare(Map<String, List<String>> cases) throws Exception {
        GoldenFiles golden =
                new GoldenFiles(GOLDEN)
                        .naming("602a510[0-9a-f]{25}", "NAA")
                        .naming("\\b[0-9a-f]{32}\\b", "SERIAL")
                        .naming(lab.cluster().targetName(), "TARGET")
                        .naming("0x00023d[0-9a-f]{6}", "ISID");
        for (Map.Entry<String, List<String>> each : cases.entrySet()) {
            List<Program.Result> results = initiators.run(each.getValue());
            golden.check(each.getKey(), each.getValue(), results);
        }
        assertThat(golden.differences()).isEmpty();
    }

    /** Files and their commands, in order: what writes comes before what looks. */
    private static Map<String, List<String>> cases() {
        Map<String, List<String>> cases = new LinkedHashMap<>();
        cases.put("inq", List.of("sg_inq /dev/a-0", "sg_inq -H /dev/a-0"));
        cases.put("vpd", List.of("sg_vpd -a /dev/a-0", "sg_vpd -H -p 0x87 /dev/a-0"));
        cases.put(
                "opcodes",
                List.of(
                        "sg_opcodes /dev/a-0",
                        "sg_opcodes --op=0x89 /dev/a-0",
                        "sg_opcodes --op=0x9e --sa=0x12 --rctd /dev/a-0",
                        "sg_opcodes --op=0x8b --rctd /dev/a-0",
                        "sg_opcodes --op=0x48 /dev/a-0",
                        "sg_opcodes --tmf --repd /dev/a-0"));
        cases.put(
                "luns",
                List.of(
                        "sg_luns -d /dev/a-0",
                        "sg_luns -s 1 /dev/a-0",
                        "sg_turs -n 3 /dev/a-0",
                        "sg_readcap /dev/a-0",
                        "sg_readcap -l /dev/a-0"));
        cases.put("modes", List.of("sg_modes -a /dev/a-0", "sg_modes -p 0xa,1 /dev/a-0"));
        cases.put(
                "logs",
                List.of("sg_logs /dev/a-0", "sg_logs -a /dev/a-0", "sg_logs -p 0x0d /dev/a-0"));
        cases.put("rtpg", List.of("sg_rtpg -d /dev/a-0", "sg_rtpg -e -d /dev/a-0"));
        cases.put(
                "stpg",
                List.of("sg_stpg --active /dev/a-0", "sg_opcodes --op=0xa4 --sa=0xa /dev/a-0"));
        cases.put(
                "persist",
                List.of(
                        "sg_persist --no-inquiry -c /dev/a-0",
                        "sg_persist --no-inquiry -k /dev/a-0",
                        "sg_persist --no-inquiry -r /dev/a-0",
                        "sg_persist --no-inquiry --out --register --param-sark=0xabc /dev/a-0",
                        "sg_persist --no-inquiry --out --reserve --param-rk=0xabc --prout-type=5 /dev/a-0",
                        "sg_persist --no-inquiry -k /dev/a-0",
                        "sg_persist --no-inquiry -r /dev/a-0",
                        "sg_persist --no-inquiry -s /dev/a-0",
                        "sg_persist --no-inquiry --out --reserve --param-rk=0xdef --prout-type=5 /dev/a-0",
                        "sg_persist --no-inquiry --out --release --param-rk=0xabc --prout-type=6 /dev/a-0",
                        "sg_persist --no-inquiry --out --clear --param-rk=0xabc /dev/a-0",
                        "sg_persist --no-inquiry -s /dev/a-0"));
        cases.put(
                "compare-and-write",
                List.of(
                        "sg_raw -s 4k -i /tmp/data /dev/a-0 8a 00 00 00 00 00 00 00 00 00 00 00 00 08 00 00",
                        "sg_compare_and_write --in=/tmp/swap --lba=0 --num=1 --xferlen=1024 /dev/a-0",
                        "sg_compare_and_write --in=/tmp/swap --lba=0 --num=1 --xferlen=1024 /dev/a-0",
                        "sg_compare_and_write --in=/tmp/swap --lba=0 --num=2 --xferlen=1024 /dev/a-0",
                        "sg_compare_and_write --in=/tmp/swap --lba=131072 --num=1 --xferlen=1024 /dev/a-0"));
        cases.put(
                "unmap",
                List.of(
                        "sg_write_same --16 --in=/tmp/data --xferlen=512 --lba=0 --num=64 /dev/a-0",
                        "sg_get_lba_status --maxlen=1024 --lba=0 /dev/a-0",
                        "sg_unmap --force --lba=16 --num=16 /dev/a-0",
                        "sg_get_lba_status --maxlen=1024 --lba=0 /dev/a-0",
                        "sg_unmap --force --lba=131064 --num=16 /dev/a-0",
                        "sg_get_lba_status --maxlen=1024 --lba=131072 /dev/a-0"));
        cases.put(
                "write-same",
                List.of(
                        "sg_write_same --10 --in=/tmp/data --xferlen=512 --lba=64 --num=8 /dev/a-0",
                        "sg_write_same --16 --unmap --lba=0 --num=8 /dev/a-0",
                        "sg_write_same --16 --ndob --lba=32 --num=8 /dev/a-0",
                        "sg_write_same --16 --in=/tmp/data --xferlen=512 --lba=0 --num=0 /dev/a-0",
                        "sg_get_lba_status --maxlen=1024 --lba=0 /dev/a-0"));
        cases.put(
                "xcopy",
                List.of(
                        "sg_copy_results -p /dev/a-0",
                        "sg_xcopy if=/dev/a-0 of=/dev/a-1 bs=512 count=96 2>&1 | grep -v /sec",
                        "sg_get_lba_status --maxlen=1024 --lba=0 /dev/a-1",
                        "sg_raw -r 48k -o /tmp/from /dev/a-0 88 00 00 00 00 00 00 00 00 00 00 00 00 60 00 00;"
                                + " sg_raw -r 48k -o /tmp/to /dev/a-1 88 00 00 00 00 00 00 00 00 00 00 00 00 60 00 00;"
                                + " cmp /tmp/from /tmp/to",
                        "sg_copy_results -s --list_id=7 /dev/a-0",
                        "sg_copy_results -s --list_id=1 /dev/a-0"));
        return cases;
    }
}
