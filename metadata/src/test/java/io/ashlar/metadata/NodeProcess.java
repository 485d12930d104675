package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.MetadataConfig.Timing;
import io.ashlar.metadata.engine.EngineException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A metadata server in a process of its own, to be killed and paused. Commands come line by line on
 * standard input; answers go to standard output, each behind {@code "> "}.
 *
 * <p>Arguments: node, cluster id, directory, whether to bootstrap, Raft addresses of all voters.
 */
final class NodeProcess {
    private final MetadataServer server;
    private final UUID clusterId;

    private NodeProcess(MetadataServer server, UUID clusterId) {
        this.server = server;
        this.clusterId = clusterId;
    }

    public static void main(String[] arguments) throws IOException {
        List<Voter> voters = new ArrayList<>();
        for (int i = 4; i < arguments.length; i++) {
            voters.add(new Voter(new NodeId(i - 3), arguments[i]));
        }
        int node = Integer.parseInt(arguments[0]);
        UUID clusterId = UUID.fromString(arguments[1]);
        MetadataConfig config =
                new MetadataConfig(
                        new NodeId(node),
                        clusterId,
                        Path.of(arguments[2]),
                        voters.get(node - 1).raftAddress(),
                        voters,
                        Boolean.parseBoolean(arguments[3]),
                        LocalCluster.BOOT,
                        new Timing(
                                Duration.ofMillis(500),
                                Duration.ofMillis(1000),
                                Duration.ofSeconds(10),
                                200,
                                50),
                        reason -> {
                            say("halted " + reason);
                            Runtime.getRuntime().halt(3);
                        });
        try {
            NodeProcess process = new NodeProcess(MetadataServer.start(config), clusterId);
            say("started");
            process.obey();
        } catch (EngineException e) {
            say("refused " + e.getMessage());
            Runtime.getRuntime().halt(4);
        }
    }

    private void obey() throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "prepare" -> {
                    // One after the other: commands that are under way together have no order.
                    prepare(new Command.InitializeCluster(clusterId));
                    prepare(new Command.RegisterNode(Fixture.node(1, 10, "host1", 1)));
                    Placement group = new Placement(new NodeId(1), Fixture.nodes(1));
                    prepare(new Command.CreatePool("p", 1, 1, List.of(group)));
                    say("applied pool");
                }
                case "volume" -> submit(words[1], LocalCluster.volume(words[1]));
                case "barrier" ->
                        server.client()
                                .readBarrier(
                                        Runnable::run,
                                        index -> say("barrier " + index + " " + volumes()));
                case "role" ->
                        say(
                                "role "
                                        + (server.client().isLeader() ? "leader" : "other")
                                        + " "
                                        + server.client().isInTouch());
                case "volumes" ->
                        say("volumes " + server.client().state().nextVolumeId() + " " + volumes());
                default -> say("what?");
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private void prepare(Command command) {
        CompletableFuture<Outcome> outcome;
        do {
            outcome = new CompletableFuture<>();
            server.client().submit(command, Runnable::run, outcome::complete);
        } while (!(outcome.join() instanceof Outcome.Applied));
    }

    private String volumes() {
        return String.join(
                ",",
                server.client().state().volumes().values().stream()
                        .map(VolumeRecord::name)
                        .toList());
    }

    private void submit(String name, Command command) {
        server.client()
                .submit(
                        command,
                        Runnable::run,
                        outcome -> {
                            switch (outcome) {
                                case Outcome.Applied _ -> say("applied " + name);
                                case Outcome.Rejected r -> say("rejected " + name + " " + r);
                                case Outcome.Unknown _ -> say("unknown " + name);
                            }
                        });
    }

    private static void say(String line) {
        System.out.println("> " + line);
        System.out.flush();
    }
}
