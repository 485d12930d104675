package io.ashlar.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The table of modules (DESIGN section 2, CODE-STYLE section 1), as rules. */
class ModuleBoundariesTest {
    private static final String COMMON = "io.ashlar.common..";
    private static final String METADATA = "io.ashlar.metadata..";
    private static final String CHUNK_STORE = "io.ashlar.chunkstore..";
    private static final String REPLICATION = "io.ashlar.replication..";
    private static final String VOLUME = "io.ashlar.volume..";
    private static final String ISCSI = "io.ashlar.iscsi..";
    private static final String NODE = "io.ashlar.node..";
    private static final String CLI = "io.ashlar.cli..";

    private static JavaClasses ours;

    @BeforeAll
    static void readClasses() {
        ours =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("io.ashlar");
    }

    private static ArchRule mayUse(String module, String... others) {
        String[] allowed = new String[others.length + 1];
        allowed[0] = module;
        System.arraycopy(others, 0, allowed, 1, others.length);
        return noClasses()
                .that(resideInAPackage(module))
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.ashlar..").and(not(resideInAnyPackage(allowed))))
                .allowEmptyShould(true);
    }

    /** Protects the direction of dependencies: each module sees only what lies below it. */
    @Test
    void eachModuleSeesOnlyWhatLiesBelowIt() {
        mayUse(COMMON).check(ours);
        mayUse(METADATA, COMMON).check(ours);
        mayUse(CHUNK_STORE, COMMON).check(ours);
        mayUse(REPLICATION, COMMON, CHUNK_STORE, METADATA).check(ours);
        mayUse(VOLUME, COMMON, METADATA, REPLICATION).check(ours);
        mayUse(ISCSI, COMMON, "io.ashlar.volume").check(ours);
        mayUse(NODE, COMMON, METADATA, CHUNK_STORE, REPLICATION, VOLUME, ISCSI).check(ours);
    }

    /** Protects against modules that need each other. */
    @Test
    void modulesFormNoCycle() {
        slices().matching("io.ashlar.(*)..").should().beFreeOfCycles().check(ours);
    }

    /** Protects what a module keeps to itself: others use its root package only. */
    @Test
    void subPackagesArePrivateToTheirModule() {
        for (String module : new String[] {"metadata", "chunkstore", "volume", "iscsi"}) {
            privateTo("io.ashlar." + module, "io.ashlar." + module + ".*..").check(ours);
        }
    }

    private static ArchRule privateTo(String module, String subPackages) {
        return noClasses()
                .that(not(resideInAPackage(module + "..")))
                .should()
                .dependOnClassesThat(
                        resideInAPackage(subPackages)
                                // The loops that the wiring hands to the transports, and the
                                // engine-neutral types that MetadataServer speaks in.
                                .and(
                                        not(
                                                resideInAnyPackage(
                                                        "io.ashlar..transport..",
                                                        "io.ashlar.metadata.engine"))))
                .allowEmptyShould(true);
    }

    /** Protects the sans-IO cores: channels live in transports. */
    @Test
    void channelsLiveInTransportPackages() {
        noClasses()
                .that(not(resideInAPackage("io.ashlar..transport..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty.channel..")
                .check(ours);
    }

    /** Protects determinism: time and randomness are given, not taken. */
    @Test
    void timeAndRandomnessAreGiven() {
        var cores = not(resideInAnyPackage(COMMON, NODE, CLI, "io.ashlar.benchmarks.."));
        noClasses().that(cores).should().callMethod(System.class, "nanoTime").check(ours);
        noClasses().that(cores).should().callMethod(System.class, "currentTimeMillis").check(ours);
        noClasses().that(cores).should().callMethod(java.time.Instant.class, "now").check(ours);
        noClasses()
                .that(cores)
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(
                        Random.class,
                        java.security.SecureRandom.class,
                        java.util.concurrent.ThreadLocalRandom.class)
                .check(ours);
    }

    /** Protects the mover of RocksDB and of the consensus engine: one module knows each. */
    @Test
    void enginesAreKnownToOneModuleEach() {
        noClasses()
                .that(not(resideInAPackage(CHUNK_STORE)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.rocksdb..")
                .check(ours);
        noClasses()
                .that(not(resideInAPackage(METADATA)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.ratis..")
                .check(ours);
    }

    /** Protects names: what a package does, never a drawer for everything. */
    @Test
    void packagesAreNamedForWhatTheyDo() {
        classes()
                .that()
                .resideInAPackage("io.ashlar..")
                .should()
                .resideOutsideOfPackages("..util..", "..utils..", "..manager..", "..helper..")
                .check(ours);
    }

    /** Protects this test from passing because it looks at nothing. */
    @Test
    void everyModuleIsLookedAt() {
        for (String module :
                new String[] {
                    "common", "metadata", "chunkstore", "replication", "volume", "node", "cli"
                }) {
            org.assertj.core.api.Assertions.assertThat(
                            ours.stream()
                                    .map(JavaClass::getPackageName)
                                    .anyMatch(name -> name.startsWith("io.ashlar." + module)))
                    .as(module)
                    .isTrue();
        }
    }
}
