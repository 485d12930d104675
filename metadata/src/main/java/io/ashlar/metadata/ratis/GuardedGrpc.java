package io.ashlar.metadata.ratis;

import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;

/**
 * Ratis's transport over gRPC, with {@link AppendGuard} before a follower's answers. Ratis makes it
 * by name.
 */
public final class GuardedGrpc implements RpcType {
    @Override
    public String name() {
        return GuardedGrpc.class.getName();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        return new GrpcFactory(parameters) {
            @Override
            public GrpcServices newRaftServerRpc(RaftServer server) {
                return super.newRaftServerRpc(AppendGuard.around(server));
            }
        };
    }
}
