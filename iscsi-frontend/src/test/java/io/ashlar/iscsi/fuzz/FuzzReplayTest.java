package io.ashlar.iscsi.fuzz;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What fuzzing begins with and what it found, without a fuzzer; see {@link Fuzzing}. */
final class FuzzReplayTest {
    /** Protects from the return of what fuzzing found. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("findings")
    void whatWasFoundStaysMended(FuzzTarget target, Path file) {
        target.run(FuzzTarget.read(file));
    }

    static Stream<Arguments> findings() {
        return Stream.of(FuzzTarget.values())
                .flatMap(target -> target.found().stream().map(file -> Arguments.of(target, file)));
    }

    /** Protects the fuzzing: what it begins with is fit for its target. */
    @ParameterizedTest
    @EnumSource
    void seedsEndAsTheyMust(FuzzTarget target) {
        target.seeds().forEach(target::run);
    }

    /** Protects from a target that fails at what is no input at all. */
    @Test
    void nothingIsAnInputToo() {
        for (FuzzTarget target : FuzzTarget.values()) {
            target.run(new byte[0]);
            target.run(new byte[100]);
        }
    }
}
