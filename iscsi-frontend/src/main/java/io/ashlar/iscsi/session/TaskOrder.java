package io.ashlar.iscsi.session;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Task attributes, SAM-5 section 8.6: an ORDERED command begins when all before it have ended, and
 * none after it begins before it has; HEAD OF QUEUE begins at once. The order holds over all
 * logical units of the session, which is more than is asked for, and cheap, as ORDERED is rare.
 * Owned by the session's shard.
 */
final class TaskOrder {
    private static final int ORDERED = 2;
    private static final int HEAD_OF_QUEUE = 3;

    private final Consumer<Task> begin;
    private final ArrayDeque<Task> waiting = new ArrayDeque<>();
    private int active;
    private boolean orderedActive;

    TaskOrder(Consumer<Task> begin) {
        this.begin = begin;
    }

    /** Whether a command of that kind would begin at once. */
    boolean isOpen(int attribute) {
        return attribute == HEAD_OF_QUEUE
                || (waiting.isEmpty() && !orderedActive && (attribute != ORDERED || active == 0));
    }

    /** How many wait. */
    int waitingCount() {
        return waiting.size();
    }

    void add(Task task) {
        if (isOpen(task.command().attribute())) {
            start(task);
        } else {
            waiting.add(task);
        }
    }

    /** A command has ended, whether it had begun or not. */
    void ended(Task task) {
        if (!task.isInOrder()) {
            // or those that are aborted would pile up behind one that waits
            waiting.remove(task);
        } else {
            active--;
            if (task.command().attribute() == ORDERED) {
                orderedActive = false;
            }
        }
        beginNext();
    }

    private void beginNext() {
        Task next = waiting.peek();
        while (next != null && !orderedActive) {
            boolean ordered = next.command().attribute() == ORDERED;
            if (!next.isOver() && ordered && active > 0) {
                return;
            }
            waiting.remove();
            if (!next.isOver()) {
                start(next);
            }
            next = waiting.peek();
        }
    }

    private void start(Task task) {
        active++;
        orderedActive |= task.command().attribute() == ORDERED;
        task.inOrder();
        begin.accept(task);
    }
}
