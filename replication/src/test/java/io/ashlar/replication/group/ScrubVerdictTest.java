package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.chunkstore.Inspection;
import io.ashlar.common.NodeId;
import io.ashlar.replication.group.ScrubVerdict.Kind;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a scrub does about a block decides whether acknowledged data is kept or overwritten. */
class ScrubVerdictTest {
    private static final NodeId PRIMARY = new NodeId(1);
    private static final int DAMAGED = Integer.MIN_VALUE;

    private static ScrubVerdict of(int... contentsByNode) {
        SortedMap<NodeId, Inspection> copies = new TreeMap<>();
        for (int i = 0; i < contentsByNode.length; i++) {
            BitSet damaged = new BitSet();
            damaged.set(0, contentsByNode[i] == DAMAGED);
            copies.put(new NodeId(i + 1), new Inspection(new int[] {contentsByNode[i]}, damaged));
        }
        return ScrubVerdict.of(0, PRIMARY, copies);
    }

    private static List<NodeId> nodes(int... numbers) {
        return java.util.Arrays.stream(numbers).mapToObj(NodeId::new).toList();
    }

    /** Protects good copies from being written for nothing. */
    @Test
    void equalCopiesAreLeftAlone() {
        assertThat(of(5, 5, 5).kind()).isEqualTo(Kind.EQUAL);
        assertThat(of(5).kind()).isEqualTo(Kind.EQUAL);
    }

    /** Protects a damaged block, wherever it is, as long as one copy is good. */
    @Test
    void damageIsRepairedFromWhoeverHasItIntact() {
        assertThat(of(DAMAGED, 5, 5)).isEqualTo(new ScrubVerdict(Kind.REPAIR, 5, nodes(2, 3), 1));
        assertThat(of(5, DAMAGED, DAMAGED))
                .isEqualTo(new ScrubVerdict(Kind.REPAIR, 5, nodes(1), 2));
    }

    /** Protects hosts from data that nobody wrote. */
    @Test
    void withoutAnIntactCopyTheBlockIsLost() {
        assertThat(of(DAMAGED, DAMAGED)).isEqualTo(new ScrubVerdict(Kind.LOST, 0, List.of(), 2));
    }

    /** A disk that lost a write is one disk, even if it is the primary's. */
    @Test
    void amongIntactCopiesThatDifferTheMajorityCounts() {
        assertThat(of(4, 5, 5))
                .isEqualTo(new ScrubVerdict(Kind.REPAIR_INCONSISTENT, 5, nodes(2, 3), 0));
        assertThat(of(5, 5, 4))
                .isEqualTo(new ScrubVerdict(Kind.REPAIR_INCONSISTENT, 5, nodes(1, 2), 0));
    }

    /** Without a majority hosts go on to see what they have seen. */
    @Test
    void withoutAMajorityThePrimaryCounts() {
        assertThat(of(4, 5)).isEqualTo(new ScrubVerdict(Kind.REPAIR_INCONSISTENT, 4, nodes(1), 0));
        assertThat(of(4, 5, 6).checksum()).isEqualTo(4);
        assertThat(of(4, 5, DAMAGED).sources()).isEqualTo(nodes(1));
    }

    /** Protects the evidence where any choice would be a guess. */
    @Test
    void withoutMajorityAndPrimaryNothingIsChanged() {
        assertThat(of(DAMAGED, 4, 5).kind()).isEqualTo(Kind.UNDECIDED);
        assertThat(of(DAMAGED, 4, 5).sources()).isEmpty();
    }
}
