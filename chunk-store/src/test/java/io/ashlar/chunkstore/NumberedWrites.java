package io.ashlar.chunkstore;

import static io.ashlar.chunkstore.TestDevice.PG;
import static io.ashlar.chunkstore.TestDevice.append;
import static io.ashlar.chunkstore.TestDevice.blocks;
import static io.ashlar.chunkstore.TestDevice.range;
import static io.ashlar.chunkstore.TestDevice.zeros;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.Payload;
import java.nio.file.Path;
import java.util.List;

/**
 * A row of writes whose blocks and contents follow from their sequence numbers, so that any process
 * can tell which of them a device holds. As a program it writes until it is killed or its disk
 * fails, and says on standard output what was acknowledged.
 */
final class NumberedWrites {
    private static final int BLOCKS = 64;

    /** The program's last line when the device failed and behaved so. */
    static final String FAILED_FOR_GOOD = "failed for good";

    private NumberedWrites() {}

    static StoreOp write(long sequence) {
        return append(sequence, range((int) (sequence % BLOCKS), 1), blocks(1, sequence));
    }

    /** Log and contents must agree, up to the same write; its number is the result. */
    static long verify(TestDevice device) {
        List<Long> log = device.device.load(PG).log().stream().map(LogEntry::sequence).toList();
        long last = log.isEmpty() ? 0 : log.getLast();
        assertThat(log).hasSize((int) last);
        for (long block = 0; block < BLOCKS; block++) {
            long newest = last - Math.floorMod(last - block, (long) BLOCKS);
            Payload expected = newest > 0 ? blocks(1, newest).data() : zeros(1).data();
            assertThat(device.readOk(range((int) block, 1)).data()).isEqualTo(expected);
        }
        return last;
    }

    static DeviceConfig config(Path directory) {
        return TestDevice.config(directory).withMemory(1 << 20, 1 << 20);
    }

    /** Arguments: a formatted directory. */
    public static void main(String[] arguments) {
        try (TestDevice device = new TestDevice(config(Path.of(arguments[0])))) {
            long sequence = verify(device);
            WriteResult result;
            do {
                // Two at a time, so that group commits are among what is cut off.
                device.device.write(List.of(write(++sequence)), Runnable::run, _ -> {});
                result = device.write(write(++sequence));
                if (result.equals(WriteResult.DURABLE)) {
                    System.out.println(sequence);
                }
            } while (result.equals(WriteResult.DURABLE));
            boolean isFailed =
                    result instanceof WriteResult.Failed
                            && device.device.failure().isPresent()
                            && device.write(write(sequence + 1)) instanceof WriteResult.Failed
                            && device.read(PG, range(0, 1)) instanceof ReadResult.Failed;
            System.out.println(isFailed ? FAILED_FOR_GOOD : "not closed: " + result);
        }
    }
}
