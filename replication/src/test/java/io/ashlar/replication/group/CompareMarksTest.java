package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.VolumeId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CompareMarksTest {
    private static final ChunkId CHUNK = new ChunkId(new VolumeId(1), 1, 7);

    private static CompareMark mark(int offset, long command) {
        return new CompareMark(offset, 512, 1, 2, 3, 4, command);
    }

    private static LogEntry entry(long sequence, int first, int count, CompareMark... marks) {
        return new LogEntry(
                1,
                sequence,
                LogEntry.Kind.WRITE,
                new BlockRange(CHUNK, first, count),
                List.of(marks));
    }

    @Test
    void newestEntryOfABlockSaysWhichMarksHold() {
        // A write after a comparison makes its repetition a new command.
        CompareMarks marks =
                CompareMarks.of(
                        List.of(
                                entry(1, 0, 1, mark(512, 10)),
                                entry(2, 1, 1, mark(4096, 11)),
                                entry(3, 0, 1)));
        assertThat(marks.at(CHUNK, 512)).isNull();
        assertThat(marks.at(CHUNK, 4096)).isEqualTo(mark(4096, 11));
    }

    @Test
    void marksOfOtherSectorsOutliveAWriteBesideThem() {
        // Hosts keep their heartbeats in neighbouring sectors of one block.
        CompareMarks marks = CompareMarks.of(List.of(entry(1, 0, 1, mark(0, 1), mark(512, 2))));
        BlockRange block = new BlockRange(CHUNK, 0, 1);
        assertThat(marks.outside(block, 0, 512)).containsExactly(mark(512, 2));
        assertThat(marks.of(block)).containsExactly(mark(0, 1), mark(512, 2));
    }

    @Test
    void oldestAreForgottenWhenThereAreTooMany() {
        // Whoever compares everywhere must not fill the heap.
        List<LogEntry> log = new ArrayList<>();
        for (int i = 0; i <= CompareMarks.MARKS_MAX; i++) {
            ChunkId chunk = new ChunkId(new VolumeId(1), 1, i);
            log.add(
                    new LogEntry(
                            1,
                            i + 1,
                            LogEntry.Kind.WRITE,
                            new BlockRange(chunk, 0, 1),
                            List.of(mark(0, i))));
        }
        CompareMarks marks = CompareMarks.of(log);
        assertThat(marks.at(new ChunkId(new VolumeId(1), 1, 0), 0)).isNull();
        assertThat(marks.at(new ChunkId(new VolumeId(1), 1, 1), 0)).isNotNull();
    }
}
