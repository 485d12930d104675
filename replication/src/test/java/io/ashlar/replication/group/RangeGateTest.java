package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.VolumeId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RangeGateTest {
    private final RangeGate gate = new RangeGate();
    private final List<String> passed = new ArrayList<>();
    private final ChunkId chunk = new ChunkId(new VolumeId(1), 1, 0);

    private BlockRange range(int first, int count) {
        return new BlockRange(chunk, first, count);
    }

    /** A copy or a read-modify-write keeps its blocks to itself until it is done. */
    @Test
    void holdsBackWhatOverlapsAndNothingElse() {
        BlockRange held = range(0, 4);
        gate.acquire(held, () -> passed.add("held"));
        gate.acquire(range(3, 2), () -> passed.add("overlapping"));
        gate.acquire(range(8, 1), () -> passed.add("elsewhere"));
        assertThat(passed).containsExactly("held", "elsewhere");
        gate.release(held);
        assertThat(passed).containsExactly("held", "elsewhere", "overlapping");
    }

    /**
     * Who came later must not overtake who waits for the same blocks, even if it could go at once.
     */
    @Test
    void keepsTheOrderOfArrivalAmongOverlapping() {
        BlockRange held = range(0, 4);
        gate.acquire(held, () -> passed.add("first"));
        BlockRange second = range(2, 4);
        gate.acquire(second, () -> passed.add("second"));
        BlockRange third = range(5, 2);
        gate.acquire(third, () -> passed.add("third"));
        assertThat(passed).containsExactly("first");
        gate.release(held);
        assertThat(passed).containsExactly("first", "second");
        gate.release(second);
        assertThat(passed).containsExactly("first", "second", "third");
    }

    /** A plain write lets go while it passes; whoever waits behind it still passes, each once. */
    @Test
    void letsThroughAChainThatReleasesWhileItPasses() {
        BlockRange held = range(0, 1);
        gate.acquire(held, () -> {});
        for (int i = 0; i < 5; i++) {
            int number = i;
            BlockRange own = range(0, 1);
            gate.acquire(
                    own,
                    () -> {
                        passed.add("w" + number);
                        gate.release(own);
                    });
        }
        gate.release(held);
        assertThat(passed).containsExactly("w0", "w1", "w2", "w3", "w4");
        gate.acquire(range(0, 1), () -> passed.add("after"));
        assertThat(passed).endsWith("after");
    }
}
