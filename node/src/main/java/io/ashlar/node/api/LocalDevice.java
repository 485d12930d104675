package io.ashlar.node.api;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.DeviceId;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A device of this node.
 *
 * @param directory where it lies
 * @param device to be used; absent if it has failed
 * @param failure why it is not used any more, if it has failed
 */
public record LocalDevice(
        DeviceId id, Path directory, Optional<ChunkDevice> device, Optional<String> failure) {}
