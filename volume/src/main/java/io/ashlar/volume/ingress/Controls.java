package io.ashlar.volume.ingress;

import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests to owners that something be dropped or decided. Each is asked of whoever owns the volume
 * until an owner that serves says that it is done: what earlier owners had is decided by then (rule
 * 2). Owned by the volume shard.
 */
final class Controls {
    private static final Logger LOG = LoggerFactory.getLogger(Controls.class);

    /** A host expects the answer to an abort within this. */
    private static final long LATE_NANOS = 1_000_000_000L;

    private static final class Call {
        final ToOwner.Control message;
        final Runnable done;
        final long nanos;
        @Nullable ProcessId sentTo;

        /** The log says why it takes so long. */
        boolean isExplained;

        Call(ToOwner.Control message, Runnable done, long nanos) {
            this.message = message;
            this.done = done;
            this.nanos = nanos;
        }
    }

    private final IngressContext context;
    private final SortedMap<Long, Call> calls = new TreeMap<>();
    private long callCount;

    Controls(IngressContext context) {
        this.context = context;
    }

    /**
     * @param done when an owner that serves has confirmed it, or the volume is gone; not from
     *     inside this call
     */
    void ask(
            VolumeId volume,
            ToOwner.Scope scope,
            String host,
            long association,
            long subject,
            Runnable done) {
        long id = ++callCount;
        Call call =
                new Call(
                        new ToOwner.Control(id, volume, scope, host, association, subject),
                        done,
                        context.clock().nanos());
        calls.put(id, call);
        if (context.metadata().state().volumes().containsKey(volume)) {
            send(call);
        } else {
            context.shard().execute(this::resend);
        }
    }

    void onDone(ProcessId from, ToIngress.ControlDone answer) {
        Call call = calls.get(answer.id());
        if (call == null || !from.equals(call.sentTo)) {
            return;
        }
        if (answer.done()) {
            calls.remove(answer.id());
            call.done.run();
        } else {
            call.sentTo = null; // asked again a little later, of whoever owns it then
        }
    }

    /** What was sent to this process, or its answer, may be lost. */
    void onStreamLost(ProcessId peer) {
        for (Call call : calls.values()) {
            if (peer.equals(call.sentTo)) {
                call.sentTo = null;
            }
        }
    }

    /** Asks again what needs it: the owner changed, said no, or the stream broke. */
    void resend() {
        for (Call call : List.copyOf(calls.values())) {
            VolumeRecord volume = context.metadata().state().volumes().get(call.message.volume());
            if (volume == null) {
                calls.remove(call.message.id());
                call.done.run();
            } else if (!volume.owner().equals(call.sentTo)) {
                send(call);
            }
        }
    }

    /** Asks again, and says in the log what keeps a host waiting for the answer to an abort. */
    void onTimer() {
        resend();
        long now = context.clock().nanos();
        for (Call call : calls.values()) {
            ToOwner.Control message = call.message;
            if (message.scope().isPromise()
                    && !call.isExplained
                    && now - call.nanos >= LATE_NANOS) {
                call.isExplained = true;
                ProcessId asked = call.sentTo;
                LOG.warn(
                        "{}: {} by {} is not answered after {} s: {}",
                        message.volume(),
                        message.scope(),
                        message.host(),
                        TimeUnit.NANOSECONDS.toSeconds(now - call.nanos),
                        asked == null
                                ? "no node that serves the volume was reached yet"
                                : "it waits for " + asked + ", whose log says why if it serves it");
            }
        }
    }

    private void send(Call call) {
        VolumeRecord volume = context.metadata().state().volumes().get(call.message.volume());
        if (volume != null && context.post().send(volume.owner().node(), call.message)) {
            call.sentTo = volume.owner();
        }
    }
}
