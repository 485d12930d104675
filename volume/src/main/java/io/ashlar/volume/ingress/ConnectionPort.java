package io.ashlar.volume.ingress;

import io.ashlar.common.Payload;
import io.ashlar.common.Shard;
import io.ashlar.volume.HostConnection;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.owner.FenceRules.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One host connection on its association's shard: knows how old its bytes can be, and pings the
 * host.
 */
final class ConnectionPort implements HostConnection {
    private static final int[] NO_CHECKSUMS = {};

    private final Ingress ingress;
    private final AssociationPort association;
    private final Shard shard;
    private final Consumer<Runnable> pinger;
    private final ReceiveMarks marks;
    private final ConnectionState state;
    private List<Runnable> waiters = new ArrayList<>();
    private boolean isPinging;
    private boolean isClosed;

    ConnectionPort(
            Ingress ingress, AssociationPort association, long number, Consumer<Runnable> pinger) {
        this.ingress = ingress;
        this.association = association;
        this.shard = association.shard();
        this.pinger = pinger;
        // The host sends its first command after the answer to its login, so after this moment.
        long arrival = ingress.context().tickets().arrivals();
        this.marks = new ReceiveMarks(ingress.context().settings().receiveBufferBytes(), arrival);
        this.state = new ConnectionState(association.state(), number, this, arrival);
    }

    ConnectionState state() {
        return state;
    }

    @Override
    public void received(int bytes, boolean queueEmpty) {
        assert shard.isCurrent();
        marks.onReceived(bytes, queueEmpty, ingress.context().tickets().arrivals());
    }

    @Override
    public long stamp() {
        assert shard.isCurrent();
        return ingress.context().rules().has(Rule.TICK_EMPTY)
                ? marks.stamp()
                : ingress.context().tickets().arrivals();
    }

    @Override
    public long submit(IoRequest request, long stamp, Consumer<IoResult> done) {
        assert shard.isCurrent();
        int[] checksums = NO_CHECKSUMS;
        Comparisons.Comparison comparison = null;
        long number = association.nextCommand();
        if (request instanceof IoRequest.Write write) {
            checksums = PartPlan.checksums(write.offset(), write.data());
        } else if (request instanceof IoRequest.OrWrite or) {
            checksums = PartPlan.checksums(or.offset(), or.data());
        } else if (request instanceof IoRequest.CompareAndWrite compare) {
            Payload compared = compare.compared();
            Payload data = compare.data();
            checksums =
                    new int[] {
                        compared.crc32c(0, compared.length()), data.crc32c(0, data.length())
                    };
            comparison = association.comparisons().comparison(compare, number);
        }
        HostCommand command =
                new HostCommand(
                        state,
                        number,
                        association.filledIn(request),
                        checksums,
                        comparison,
                        stamp,
                        done);
        association.onSubmitted(command);
        if (isClosed || association.isClosed()) {
            shard.execute(() -> command.answer(new IoResult.Failed(IoError.ABORTED)));
        } else {
            ingress.context().shard().execute(() -> ingress.submit(command));
        }
        return command.number;
    }

    @Override
    public void delivered(long command) {
        assert shard.isCurrent();
        IoRequest.Settle settle = association.comparisons().onDelivered(command);
        if (settle != null) {
            association.settle(settle);
        }
    }

    @Override
    public void closed() {
        assert shard.isCurrent();
        if (!isClosed) {
            end();
            association.onConnectionClosed(this);
            ingress.context().shard().execute(() -> ingress.closeConnection(state));
        }
    }

    /** Takes nothing more. */
    void end() {
        isClosed = true;
        runWaiters(waiters);
    }

    /** A moment between two reads. */
    void onPause() {
        marks.onPause(ingress.context().tickets().arrivals());
    }

    /**
     * Pings the host and runs {@code then} when it has answered, or has not for too long. Tickets
     * that are here now may then be used by what arrives after.
     */
    void refresh(Runnable then) {
        assert shard.isCurrent();
        if (isClosed) {
            then.run();
            return;
        }
        waiters.add(then);
        if (!isPinging) {
            ping();
        }
    }

    private void ping() {
        isPinging = true;
        List<Runnable> asking = waiters;
        waiters = new ArrayList<>();
        // Noted before the ping leaves: whoever answers was alive after this.
        long sent = ingress.context().tickets().arrivals();
        Shard.Cancellable timeout =
                shard.schedule(
                        ingress.context().settings().pingAnswerMax().toNanos(),
                        () -> onPingOver(asking));
        pinger.accept(() -> {
            timeout.cancel();
            onAnswer(sent);
            onPingOver(asking);
        });
    }

    private void onAnswer(long sent) {
        if (!isClosed) {
            marks.onAnswered(sent);
            ingress.context().shard().execute(() -> ingress.onProven(state, sent));
        }
    }

    /** Answered, or given up; an answer may still come, and then counts. */
    private void onPingOver(List<Runnable> asking) {
        if (asking.isEmpty()) {
            return; // was over before
        }
        isPinging = false;
        runWaiters(asking);
        if (!waiters.isEmpty() && !isPinging && !isClosed) {
            ping();
        }
    }

    private static void runWaiters(List<Runnable> waiters) {
        List<Runnable> now = List.copyOf(waiters);
        waiters.clear();
        now.forEach(Runnable::run);
    }
}
