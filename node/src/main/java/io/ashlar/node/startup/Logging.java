package io.ashlar.node.startup;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import io.ashlar.node.OperatorException;
import io.ashlar.node.configuration.NodeConfiguration;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** Sets logback up from the node's configuration: a bounded set of files, and the console. */
public final class Logging {
    /** UTC, one line for each event; only bugs come with a stack trace. */
    private static final String PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z',UTC} %-5level [%thread] %logger{0}: %msg%n";

    private static final String FILE_SIZE_MAX = "64MB";
    private static final int FILES_MAX = 5;

    private Logging() {}

    /**
     * Before there is a configuration: nothing but what {@code main} prints itself. Logback is off
     * by its configuration file; some libraries use the JDK's own logging.
     */
    public static void silence() {
        java.util.logging.LogManager.getLogManager().reset();
    }

    /**
     * Logs as configured from here on.
     *
     * @throws OperatorException if the file cannot be written
     */
    public static void configure(NodeConfiguration configuration) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(configuration.log().level()));
        root.addAppender(started(context, new ConsoleAppender<>()));
        root.addAppender(file(context, configuration));
        if (!root.isDebugEnabled()) {
            // Libraries tell at "info" what only their authors want to know, and the consensus
            // engine's transport warns several times a second while a peer is down.
            for (String library : new String[] {"org.apache.ratis", "io.helidon", "io.netty"}) {
                context.getLogger(library).setLevel(Level.WARN);
            }
            context.getLogger("org.apache.ratis.grpc").setLevel(Level.ERROR);
        }
    }

    private static RollingFileAppender<ILoggingEvent> file(
            LoggerContext context, NodeConfiguration configuration) {
        Path path = configuration.log().file();
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setFile(path.toString());

        FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
        window.setContext(context);
        window.setParent(appender);
        window.setFileNamePattern(path + ".%i");
        window.setMinIndex(1);
        window.setMaxIndex(FILES_MAX);
        window.start();

        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(FileSize.valueOf(FILE_SIZE_MAX));
        trigger.start();

        appender.setRollingPolicy(window);
        appender.setTriggeringPolicy(trigger);
        started(context, appender);
        if (!appender.isStarted()) {
            throw OperatorException.start(
                    configuration.file()
                            + ": log.file: "
                            + path
                            + " cannot be written; check its disk and mode");
        }
        return appender;
    }

    private static <A extends OutputStreamAppender<ILoggingEvent>> A started(
            LoggerContext context, A appender) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }

    /** Writes out what is buffered; nothing is logged afterwards. */
    public static void stop() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }
}
