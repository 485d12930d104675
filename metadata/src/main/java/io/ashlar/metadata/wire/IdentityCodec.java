package io.ashlar.metadata.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.Wire;
import io.netty.buffer.ByteBuf;
import java.util.UUID;

/**
 * Whose metadata directory it is.
 *
 * <pre>
 * clusterId, 16 bytes; node, 2; bootId, 16; isInUse, 1
 * </pre>
 */
public final class IdentityCodec {
    private static final Frame FRAME =
            new Frame(Frame.magic("ASHN"), "identity of a metadata directory", 1, 64);

    private IdentityCodec() {}

    /**
     * What is said of a directory.
     *
     * @param clusterId its cluster
     * @param node its node
     * @param bootId of the host when it was used last
     * @param isInUse whether the node may have voted with it
     */
    public record Identity(UUID clusterId, NodeId node, UUID bootId, boolean isInUse) {}

    public static void write(ByteBuf out, Identity identity) {
        FRAME.write(
                out,
                body -> {
                    Wire.writeUuid(body, identity.clusterId());
                    Fields.writeNode(body, identity.node());
                    Wire.writeUuid(body, identity.bootId());
                    body.writeBoolean(identity.isInUse());
                });
    }

    /**
     * @throws io.ashlar.common.WireFormatException for anything that {@link #write} did not write
     */
    public static Identity read(ByteBuf in) {
        return FRAME.read(
                in,
                body ->
                        new Identity(
                                Wire.readUuid(body),
                                Fields.readNode(body),
                                Wire.readUuid(body),
                                Wire.readBoolean(body)));
    }
}
