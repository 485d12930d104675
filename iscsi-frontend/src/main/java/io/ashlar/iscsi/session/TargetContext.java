package io.ashlar.iscsi.session;

import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.login.LoginLimits;
import io.ashlar.iscsi.login.LoginMachine;
import io.ashlar.volume.VolumeService;

/**
 * What all connections of a target share. Immutable, but for the registry and the budget, which are
 * safe for use by any thread.
 *
 * @param limits bounds of sessions
 * @param login bounds and offers of negotiations
 * @param rules {@link SessionRules#ALL} in every product
 */
public record TargetContext(
        String targetName,
        VolumeService volumes,
        SessionLimits limits,
        LoginLimits login,
        SessionRegistry sessions,
        MemoryBudget budget,
        SessionRules rules)
        implements LoginMachine.Target {
    @Override
    public boolean isReady() {
        return volumes.isReady();
    }

    @Override
    public String name() {
        return targetName;
    }

    /** One portal group per node, with the node's number. */
    @Override
    public int portalGroupTag() {
        return volumes.localNode().value();
    }
}
