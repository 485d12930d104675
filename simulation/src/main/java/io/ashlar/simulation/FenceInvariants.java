package io.ashlar.simulation;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.wire.RequestMessage;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import io.ashlar.volume.wire.Transfer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What owners of volumes may say and do (DESIGN section 6), as it shows on the wires: long before
 * chance brings a host that is hurt by it. It knows the newest state of the control log at every
 * message, which no node does.
 *
 * <ul>
 *   <li>H1: what an owner handed over is all there is to know. Once it has sent it, and the volume
 *       has moved by that, it issues nothing more.
 *   <li>H2: a fence certificate is whole: every placement group has confirmed, and tickets of
 *       before are taken only from an owner that moved the volume itself.
 *   <li>H3: an abort or reset is answered by a process that was the owner after it was asked.
 * </ul>
 */
final class FenceInvariants implements SimNetwork.Observer {
    private record Term(VolumeId volume, long accessEpoch) {}

    private record Asked(ProcessId by, long id) {}

    private record Control(VolumeId volume, boolean promises, long accessEpoch) {}

    private final SimulatedCluster cluster;

    /** Who owned a volume at an access epoch, and whether the one before moved it there. */
    private final Map<Term, VolumeRecord> terms = new HashMap<>();

    /** Owners' last word before a move, and whether they issued something after it. */
    private final Map<Term, Boolean> issuedSinceHandOver = new HashMap<>();

    private final Map<Asked, Control> controls = new HashMap<>();
    private final Set<FenceCertificate> checked = new HashSet<>();

    FenceInvariants(SimulatedCluster cluster) {
        this.cluster = cluster;
    }

    // ---- the control log

    void onState(ControlState state) {
        for (VolumeRecord volume : state.volumes().values()) {
            Term term = new Term(volume.id(), volume.accessEpoch());
            if (terms.put(term, volume) == null && volume.isHandedOver()) {
                checkSilent(new Term(volume.id(), volume.accessEpoch() - 1));
            }
        }
    }

    private void checkSilent(Term handedOver) {
        if (issuedSinceHandOver.getOrDefault(handedOver, false)) {
            throw new Violation(
                    "H1",
                    "the owner of "
                            + handedOver
                            + " has issued requests after it had handed over, and was believed");
        }
    }

    // ---- the wires

    @Override
    public void onSent(ProcessId from, NodeId to, PeerMessage message) {
        switch (message) {
            case RequestMessage.GroupRequest request ->
                    onIssued(from, request.request().volume(), request.request().accessEpoch());
            case Transfer.State state ->
                    issuedSinceHandOver.put(new Term(state.volume(), state.accessEpoch()), false);
            case ToOwner.Control control -> onControl(from, control);
            case ToIngress.ControlDone done -> onControlDone(from, to, done);
            default -> {}
        }
    }

    private void onIssued(ProcessId from, VolumeId volume, long accessEpoch) {
        Term term = new Term(volume, accessEpoch);
        VolumeRecord record = terms.get(term);
        if (record != null
                && record.owner().equals(from)
                && issuedSinceHandOver.replace(term, true) != null) {
            VolumeRecord next = terms.get(new Term(volume, accessEpoch + 1));
            if (next != null && next.isHandedOver()) {
                checkSilent(term);
            }
        }
    }

    private void onControl(ProcessId from, ToOwner.Control control) {
        VolumeRecord record = cluster.log().newest().volumes().get(control.volume());
        boolean promises = control.scope().isPromise();
        if (record != null) {
            controls.putIfAbsent( // it is asked again until it is answered
                    new Asked(from, control.id()),
                    new Control(control.volume(), promises, record.accessEpoch()));
        }
    }

    private void onControlDone(ProcessId owner, NodeId to, ToIngress.ControlDone done) {
        Control control = controls.get(new Asked(new ProcessId(to, done.incarnation()), done.id()));
        if (!done.done() || control == null || !control.promises()) {
            return;
        }
        for (long epoch = control.accessEpoch(); ; epoch++) {
            VolumeRecord record = terms.get(new Term(control.volume(), epoch));
            if (record == null) {
                throw new Violation(
                        "H3",
                        owner
                                + " promises that something will not take effect, and has not owned "
                                + control.volume()
                                + " since access epoch "
                                + control.accessEpoch()
                                + ", at which it was asked");
            }
            if (record.owner().equals(owner)) {
                return;
            }
        }
    }

    // ---- certificates

    void checkCertificates() {
        for (SimNode node : cluster.simNodes()) {
            SimNode.Life life = node.life();
            if (life != null) {
                for (VolumeId volume : cluster.volumes()) {
                    life.program().certificates(volume).forEach(this::checkOnce);
                }
            }
        }
    }

    private void checkOnce(FenceCertificate certificate) {
        if (!(certificate instanceof FenceCertificate.OwnerChange change)
                || !checked.add(certificate)) {
            return;
        }
        ControlState state = cluster.log().newest();
        VolumeRecord volume = state.volumes().get(change.volume());
        Pool pool = volume == null ? null : state.pools().get(volume.pool());
        if (volume == null || pool == null) {
            return;
        }
        Set<Integer> confirmed = new HashSet<>();
        change.confirmations().forEach(each -> confirmed.add(each.group()));
        for (long chunk = 0; chunk < volume.chunkCount(); chunk++) {
            if (!confirmed.contains(volume.placementGroup(chunk, pool).index())) {
                throw new Violation(
                        "H2", "chunk " + chunk + " lies where nobody has confirmed: " + change);
            }
        }
        VolumeRecord term = terms.get(new Term(change.volume(), change.accessEpoch()));
        // Who takes a volume from itself knows all that it knew before.
        boolean isTold = change.owner().equals(change.former());
        if (change.ticketsTaken() && !isTold && term != null && !term.isHandedOver()) {
            throw new Violation(
                    "H2", "tickets are taken from an owner that has not moved it: " + change);
        }
    }
}
