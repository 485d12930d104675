package io.ashlar.cli;

import io.ashlar.cli.dev.DevCommand;
import io.ashlar.node.api.ApiViews;
import io.ashlar.node.startup.Logging;
import java.io.PrintWriter;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** The {@code ashlar} command. */
@Command(
        name = "ashlar",
        description = "Administers a cluster of Ashlar, a replicated block store.",
        mixinStandardHelpOptions = true,
        version = "ashlar 0.1.0",
        subcommands = {
            VolumeCommand.class,
            NodeCommand.class,
            HostCommand.class,
            HostGroupCommand.class,
            PoolCommand.class,
            DeviceCommand.class,
            ScrubCommand.class,
            JobCommand.class,
            ClusterCommand.class,
            DevCommand.class,
            CommandLine.HelpCommand.class
        },
        footerHeading = "%nExit codes:%n",
        footer = {
            "  0  done",
            "  1  not done; the reason is on standard error",
            "  2  the command line is wrong",
            "  3  no node answers"
        })
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    public static void main(String[] arguments) {
        // Standard output belongs to what was asked for; libraries have nothing to say there.
        Logging.silence();
        int code = commandLine().execute(arguments);
        System.out.flush();
        System.exit(code);
    }

    /** The command as {@code main} runs it; tests give it their own writers. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Main::onException)
                .setParameterExceptionHandler(Main::onWrongUsage);
    }

    private static int onException(
            Exception exception, CommandLine command, CommandLine.ParseResult result) {
        PrintWriter err = command.getErr();
        if (exception instanceof CliException expected) {
            err.println("ashlar: " + expected.getMessage());
            return expected.exitCode();
        }
        if (exception instanceof ParameterException wrong) {
            return onWrongUsage(wrong, new String[0]);
        }
        err.println("ashlar: this is a bug; please report it with what follows");
        exception.printStackTrace(err);
        return CliException.EXIT_FAILED;
    }

    private static int onWrongUsage(ParameterException exception, String[] arguments) {
        CommandLine command = exception.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("ashlar: " + exception.getMessage());
        err.println(
                "Try '" + command.getCommandSpec().qualifiedName() + " --help' for what it takes.");
        return CliException.EXIT_USAGE;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "name a command; 'ashlar help' lists them");
    }

    @Command(name = "status", description = "Show the cluster at a glance.")
    void status(@Mixin Connection connection) {
        JsonNode json = connection.client().get("/v1/status");
        connection.print(json, () -> StatusText.status(Views.of(json, ApiViews.Status.class)));
    }

    @Command(
            name = "rebalance",
            description = "Even data out over the nodes, as a job; by itself it does so, too.")
    void rebalance(@Mixin Connection connection) {
        JobCommand.start(connection, new ApiViews.StartJob("REBALANCE", null, null, null));
    }

    @Command(
            name = "completion",
            description =
                    "Print a completion script for bash and zsh: source <(ashlar completion).")
    void completion() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("ashlar", spec.root().commandLine()));
        out.flush();
    }
}
