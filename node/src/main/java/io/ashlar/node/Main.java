package io.ashlar.node;

import io.ashlar.common.Check;
import io.ashlar.node.configuration.ConfigurationFile;
import io.ashlar.node.configuration.NodeConfiguration;
import io.ashlar.node.startup.Logging;
import io.ashlar.node.startup.NodeAssembly;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon's process. It runs until SIGTERM or SIGINT, and then stops in order.
 *
 * <p>Exit codes: 0 and 143 after an orderly stop, {@value OperatorException#EXIT_START} if it could
 * not start or go on, {@value OperatorException#EXIT_CONFIGURATION} if the configuration is wrong,
 * 70 if it halted since going on could have damaged data.
 */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
        Logging.silence();
        Check.haltOnViolation();
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, error) -> LOG.error("uncaught exception on {}", thread.getName(), error));
        AtomicReference<OperatorException> reason = new AtomicReference<>();
        CountDownLatch end = new CountDownLatch(1);
        NodeAssembly node;
        try {
            NodeConfiguration configuration = ConfigurationFile.read(file(arguments));
            Logging.configure(configuration);
            node =
                    NodeAssembly.start(
                            configuration,
                            why -> {
                                reason.compareAndSet(null, why);
                                end.countDown();
                            });
        } catch (OperatorException e) {
            exit(e);
            return;
        } catch (RuntimeException | Error e) {
            LOG.error("the node cannot start", e);
            System.err.println("ashlar-node: the node cannot start, which is a bug: " + e);
            Logging.stop();
            Runtime.getRuntime().halt(OperatorException.EXIT_START);
            return;
        }
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    node.close();
                                    Logging.stop();
                                },
                                "shutdown"));
        end.await();
        OperatorException why = reason.get();
        if (why != null) {
            exit(why);
        }
    }

    private static Path file(String[] arguments) {
        if (arguments.length != 2 || !arguments[0].equals("--config")) {
            throw OperatorException.configuration(
                    "the command line is not understood; use: --config FILE");
        }
        try {
            return Path.of(arguments[1]).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw OperatorException.configuration("'" + arguments[1] + "' is no path; correct it");
        }
    }

    /** One line for the operator, on standard error and in the log; then the process ends. */
    private static void exit(OperatorException e) {
        LOG.error("{}", e.getMessage());
        LOG.debug("caused by", e);
        System.err.println("ashlar-node: " + e.getMessage());
        System.exit(e.exitCode());
    }
}
