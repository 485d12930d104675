package io.ashlar.replication.group;

import io.ashlar.chunkstore.Inspection;
import io.ashlar.common.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done about one block after all members have told what they hold of it at one point
 * of the log. Pure.
 *
 * <p>Intact copies that differ must never be. Should they, then a disk has lost a write and says
 * nothing (its old contents still match their checksum), or this software is wrong. A disk that
 * lies is one disk: so what most of the members hold is taken for what was acknowledged. Without
 * such a majority it is the primary's copy, if that is intact: it is what hosts have read since it
 * leads, and any other choice would show them something else. If that does not help either, nobody
 * knows, and nothing is changed.
 *
 * @param kind what it is
 * @param checksum of the contents that all members should have, for a repair
 * @param sources members that have them intact, for a repair; at least one
 * @param damaged how many copies are damaged
 */
record ScrubVerdict(Kind kind, int checksum, List<NodeId> sources, int damaged) {
    /** What is to be done. */
    enum Kind {
        /** All is well. */
        EQUAL,
        /** Some copies are damaged; the others are equal, and good. */
        REPAIR,
        /** Intact copies differ, and it is decided which one counts. */
        REPAIR_INCONSISTENT,
        /** Intact copies differ, and nobody knows which one counts. */
        UNDECIDED,
        /** No copy is intact. */
        LOST
    }

    /**
     * The verdict on a block.
     *
     * @param index of the block in the inspections
     * @param copies by member, the primary's among them
     */
    static ScrubVerdict of(int index, NodeId primary, SortedMap<NodeId, Inspection> copies) {
        TreeMap<Integer, List<NodeId>> holders = new TreeMap<>();
        int damaged = 0;
        for (Map.Entry<NodeId, Inspection> copy : copies.entrySet()) {
            Inspection inspection = copy.getValue();
            if (inspection.damaged().get(index)) {
                damaged++;
            } else {
                holders.computeIfAbsent(inspection.checksums()[index], _ -> new ArrayList<>())
                        .add(copy.getKey());
            }
        }
        if (holders.isEmpty()) {
            return new ScrubVerdict(Kind.LOST, 0, List.of(), damaged);
        }
        if (holders.size() == 1) {
            Kind kind = damaged == 0 ? Kind.EQUAL : Kind.REPAIR;
            var only = holders.firstEntry();
            return new ScrubVerdict(kind, only.getKey(), only.getValue(), damaged);
        }
        Map.Entry<Integer, List<NodeId>> right = right(holders, primary, copies.size());
        return right == null
                ? new ScrubVerdict(Kind.UNDECIDED, 0, List.of(), damaged)
                : new ScrubVerdict(
                        Kind.REPAIR_INCONSISTENT, right.getKey(), right.getValue(), damaged);
    }

    private static Map.@Nullable Entry<Integer, List<NodeId>> right(
            TreeMap<Integer, List<NodeId>> holders, NodeId primary, int copies) {
        for (var each : holders.entrySet()) {
            if (2 * each.getValue().size() > copies) {
                return each;
            }
        }
        for (var each : holders.entrySet()) {
            if (each.getValue().contains(primary)) {
                return each;
            }
        }
        return null;
    }
}
