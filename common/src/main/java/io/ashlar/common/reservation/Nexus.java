package io.ashlar.common.reservation;

/**
 * Who registers, reserves and asks for I/O: an initiator port by a target port (SCSI's I_T nexus).
 *
 * @param initiatorPort for iSCSI {@code name,i,0xISID}
 * @param targetPort relative target port identifier, which is the node's id
 */
public record Nexus(String initiatorPort, int targetPort) implements Comparable<Nexus> {
    @Override
    public int compareTo(Nexus other) {
        int byInitiator = initiatorPort.compareTo(other.initiatorPort);
        return byInitiator != 0 ? byInitiator : Integer.compare(targetPort, other.targetPort);
    }
}
