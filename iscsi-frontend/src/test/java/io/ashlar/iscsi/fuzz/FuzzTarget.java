package io.ashlar.iscsi.fuzz;

import io.ashlar.iscsi.login.LoginFuzz;
import io.ashlar.iscsi.session.CommandFuzz;
import io.ashlar.iscsi.session.ParameterListFuzz;
import io.ashlar.iscsi.transport.ConnectionFuzz;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What is fuzzed, with what fuzzing begins with and what it once found. */
enum FuzzTarget {
    CONNECTION(ConnectionFuzz.class, ConnectionFuzz::fuzzerTestOneInput, ConnectionFuzz::seeds),
    LOGIN(LoginFuzz.class, LoginFuzz::fuzzerTestOneInput, LoginFuzz::seeds),
    COMMAND(CommandFuzz.class, CommandFuzz::fuzzerTestOneInput, CommandFuzz::seeds),
    PARAMETER_LIST(
            ParameterListFuzz.class,
            ParameterListFuzz::fuzzerTestOneInput,
            ParameterListFuzz::seeds);

    private static final Path FINDINGS = Path.of("src/test/resources/fuzz");

    private final Class<?> type;
    private final Consumer<byte[]> run;
    private final Supplier<List<byte[]>> seeds;

    FuzzTarget(Class<?> type, Consumer<byte[]> run, Supplier<List<byte[]>> seeds) {
        this.type = type;
        this.run = run;
        this.seeds = seeds;
    }

    Class<?> type() {
        return type;
    }

    void run(byte[] input) {
        run.accept(input);
    }

    List<byte[]> seeds() {
        return seeds.get();
    }

    /** Where the inputs lie that once failed: {@code NAME.hex}, comments after {@code #}. */
    Path findings() {
        return FINDINGS.resolve(type.getSimpleName());
    }

    /** The inputs that once failed. */
    List<Path> found() {
        if (!Files.isDirectory(findings())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(findings())) {
            return files.filter(file -> file.toString().endsWith(".hex")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bytes of a file of hexadecimal digits. */
    static byte[] read(Path file) {
        try {
            List<String> lines = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                lines.add(line.replaceFirst("#.*", "").replace(" ", ""));
            }
            return HexFormat.of().parseHex(String.join("", lines));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
