package io.ashlar.iscsi.session;

import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * In-flight bytes of one connection. Who asks for more than there is waits its turn, so there are
 * never more waiting than commands in the window. Owned by the connection's shard.
 */
final class Credit {
    private record Waiting(Task task, long bytes, Runnable next) {}

    private final long bytesMax;
    private final BooleanSupplier isWritable;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long used;

    /**
     * @param isWritable whether the initiator takes what it was sent; if not, nobody is let in
     */
    Credit(long bytesMax, BooleanSupplier isWritable) {
        this.bytesMax = bytesMax;
        this.isWritable = isWritable;
    }

    /** Takes credit only if it is there at once. */
    boolean tryTake(long bytes) {
        if (!waiting.isEmpty() || !fits(bytes)) {
            return false;
        }
        used += bytes;
        return true;
    }

    /** Takes credit, now or when it is there, and runs {@code next} then. */
    void take(Task task, long bytes, Runnable next) {
        if (tryTake(bytes)) {
            task.credited(bytes);
            next.run();
        } else {
            waiting.add(new Waiting(task, bytes, next));
        }
    }

    void giveBack(long bytes) {
        used -= bytes;
        admit();
    }

    /** How many wait. */
    int waitingCount() {
        return waiting.size();
    }

    /** A task that is over waits for nothing more. */
    void forget(Task task) {
        waiting.removeIf(each -> each.task() == task);
    }

    /** Lets in whom there is credit for. */
    void admit() {
        Waiting first = waiting.peek();
        while (first != null && (first.task().isOver() || fits(first.bytes()))) {
            waiting.remove();
            if (!first.task().isOver()) {
                used += first.bytes();
                first.task().credited(first.bytes());
                first.next().run();
            }
            first = waiting.peek();
        }
    }

    /** One command always fits, however large. */
    private boolean fits(long bytes) {
        return isWritable.getAsBoolean() && (used == 0 || used + bytes <= bytesMax);
    }
}
