package io.ashlar.iscsi.session;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Nonces;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.login.LoginLimits;
import io.ashlar.iscsi.login.LoginMachine;
import io.ashlar.volume.VolumeService;
import java.util.Optional;

/**
 * What all connections of a target share. Immutable, but for the registry and the budget, which are
 * safe for use by any thread.
 *
 * @param limits bounds of sessions
 * @param login bounds and offers of negotiations
 * @param nonces where challenges of logins come from
 * @param rules {@link SessionRules#ALL} in every product
 */
public record TargetContext(
        String targetName,
        VolumeService volumes,
        SessionLimits limits,
        LoginLimits login,
        SessionRegistry sessions,
        MemoryBudget budget,
        Nonces nonces,
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

    @Override
    public Optional<ChapSecrets> chap(String initiatorName) {
        return volumes.chap(initiatorName);
    }

    /** One portal group per node, with the node's number. */
    @Override
    public int portalGroupTag() {
        return volumes.localNode().value();
    }
}
