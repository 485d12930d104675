package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ashlar device}. */
@Command(name = "device", description = "Replace devices that have failed.")
final class DeviceCommand {
    @Command(
            name = "replace",
            description =
                    "Put a new device in the place of one that has failed. What is in its directory"
                            + " is set aside there, as 'aside-DEVICE', and never removed; mount a"
                            + " new disk first if the old one does not work. The other replicas fill"
                            + " the new device.")
    void replace(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NODE", description = "The node's id.") int node,
            @Parameters(
                            paramLabel = "DEVICE",
                            description = "The device, as 'ashlar node show' names it.")
                    UUID device,
            @Option(
                            names = "--force",
                            description = "Also if it has the only newest copy of something.")
                    boolean force) {
        JsonNode json =
                connection
                        .client()
                        .change(
                                "POST",
                                "/v1/nodes/" + node + "/devices/" + device + "/replace",
                                new ApiViews.ReplaceDevice(force));
        connection.print(
                json,
                () ->
                        "device "
                                + Views.of(json, ApiViews.DeviceReplaced.class).device()
                                + " takes the place of "
                                + device
                                + " on node "
                                + node
                                + "; 'ashlar status' shows how its copies are made\n");
    }
}
