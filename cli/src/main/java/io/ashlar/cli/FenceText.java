package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import java.util.Locale;

/** Fence certificates for people. */
final class FenceText {
    private FenceText() {}

    static String proof(ApiViews.FenceProof proof) {
        StringBuilder text = new StringBuilder();
        text.append("volume       ").append(proof.volume()).append('\n');
        text.append("nodes asked  ").append(proof.nodes()).append('\n');
        text.append("refused      ").append(proof.refused()).append(" parts of commands\n\n");
        if (proof.ownerChanges().isEmpty()) {
            text.append("no change of owner is remembered\n");
        } else {
            Table table =
                    new Table(
                            "EPOCH",
                            "CAUSE",
                            "FROM",
                            "TO",
                            "BEGAN",
                            "DRAINED",
                            "HELD",
                            "TICKETS",
                            "GROUPS",
                            "COMMIT MS",
                            "INSTALL MS",
                            "PAUSE MS");
            for (ApiViews.OwnerChange change : proof.ownerChanges()) {
                table.row(
                        change.formerEpoch() + " to " + change.accessEpoch(),
                        change.cause().toLowerCase(Locale.ROOT).replace('_', ' '),
                        change.former(),
                        change.owner(),
                        change.began(),
                        change.drained(),
                        change.held() + change.heldHere(),
                        change.ticketsTaken() ? "taken" : "refused",
                        change.confirmations().size(),
                        millis(change.committedMillis() - change.drainedMillis()),
                        millis(change.installedMillis() - change.committedMillis()),
                        millis(change.pauseMillis()));
            }
            text.append(table.render());
        }
        if (!proof.ingressSwitches().isEmpty()) {
            Table table =
                    new Table("EPOCH", "HOST", "FROM", "TO", "AT", "MARK", "DRAINED", "WAITED MS");
            for (ApiViews.IngressSwitch change : proof.ingressSwitches()) {
                table.row(
                        change.accessEpoch(),
                        change.host(),
                        change.former(),
                        change.ingress(),
                        change.at(),
                        change.mark(),
                        change.drained(),
                        millis(change.waitedMillis()));
            }
            text.append('\n').append(table.render());
        }
        return text.toString();
    }

    private static String millis(double millis) {
        return String.format(Locale.ROOT, "%.1f", millis);
    }
}
