package io.ashlar.iscsi.fuzz;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * Sees all that is logged while it is open: what a stranger sends may cost one line of a log, not a
 * stack trace, a warning, or a line for each packet. One at a time.
 */
public final class LogWatch implements AutoCloseable {
    private static final int LINE_LENGTH_MAX = 1000;
    private static final Logger ROOT =
            (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    static {
        if (Boolean.getBoolean("fuzz.quiet")) {
            ROOT.detachAndStopAllAppenders();
        }
    }

    private final List<ILoggingEvent> events = new ArrayList<>();
    private final AppenderBase<ILoggingEvent> appender =
            new AppenderBase<>() {
                @Override
                protected void append(ILoggingEvent event) {
                    events.add(event);
                }
            };

    public LogWatch() {
        appender.setContext(ROOT.getLoggerContext());
        appender.start();
        ROOT.addAppender(appender);
    }

    /** Fails if more than so many lines were logged, or one that should not be. */
    public void check(int linesMax) {
        Claim.that(events.size() <= linesMax, "more than " + linesMax + " lines: " + events);
        for (ILoggingEvent event : events) {
            String line = event.getFormattedMessage();
            Claim.that(event.getLevel().toInt() < Level.WARN_INT, "warning in the log: " + line);
            Claim.that(event.getThrowableProxy() == null, "stack trace in the log: " + line);
            Claim.within(line.length(), 0, LINE_LENGTH_MAX, "length of a line in the log");
            Claim.that(Claim.isPlain(line), "control characters in the log: " + line);
        }
    }

    @Override
    public void close() {
        ROOT.detachAppender(appender);
        appender.stop();
    }
}
