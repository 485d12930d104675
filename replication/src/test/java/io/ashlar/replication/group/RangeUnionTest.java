package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.VolumeId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RangeUnionTest {
    private static final int BLOCKS = 64;

    private static ChunkId chunk(int number) {
        return new ChunkId(new VolumeId(1), 1, number);
    }

    /** A learner of a group that was written for long gets each block once, not once per write. */
    @Test
    void namesABlockThatWasWrittenOftenOnce() {
        List<BlockRange> named =
                List.of(
                        new BlockRange(chunk(0), 8, 4),
                        new BlockRange(chunk(1), 0, 1),
                        new BlockRange(chunk(0), 0, 8),
                        new BlockRange(chunk(0), 9, 1),
                        new BlockRange(chunk(0), 20, 2));
        assertThat(RangeUnion.of(named))
                .containsExactly(
                        new BlockRange(chunk(0), 0, 12),
                        new BlockRange(chunk(0), 20, 2),
                        new BlockRange(chunk(1), 0, 1));
    }

    /** Whatever is named, exactly that is in the union: a block left out would never be copied. */
    @Test
    void namesExactlyTheSameBlocks() {
        for (long seed = 0; seed < 2_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<BlockRange> named = new ArrayList<>();
            for (int i = random.nextInt(40); i > 0; i--) {
                int first = random.nextInt(BLOCKS);
                int count = 1 + random.nextInt(Math.min(8, BLOCKS - first));
                named.add(new BlockRange(chunk(random.nextInt(3)), first, count));
            }
            List<BlockRange> union = RangeUnion.of(named);
            assertThat(blocks(union)).as("seed %s", seed).isEqualTo(blocks(named));
            for (int i = 1; i < union.size(); i++) {
                BlockRange before = union.get(i - 1);
                BlockRange range = union.get(i);
                assertThat(before.chunk().equals(range.chunk()) && range.first() <= before.end())
                        .as("seed %s: %s, %s", seed, before, range)
                        .isFalse();
            }
        }
    }

    private static TreeMap<ChunkId, BitSet> blocks(List<BlockRange> ranges) {
        TreeMap<ChunkId, BitSet> blocks = new TreeMap<>();
        for (BlockRange range : ranges) {
            blocks.computeIfAbsent(range.chunk(), _ -> new BitSet())
                    .set(range.first(), range.end());
        }
        return blocks;
    }
}
