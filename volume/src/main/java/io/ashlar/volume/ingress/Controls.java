package io.ashlar.volume.ingress;

import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests to owners that something be dropped or decided. Each is asked of whoever owns the volume
 * until an owner that serves says that it is done: what earlier owners had is decided by then (rule
 * 2). Owned by the volume shard.
 */
final class Controls {
    private static final class Call {
        final ToOwner.Control message;
        final Runnable done;
        @Nullable ProcessId sentTo;

        Call(ToOwner.Control message, Runnable done) {
            this.message = message;
            this.done = done;
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
                new Call(new ToOwner.Control(id, volume, scope, host, association, subject), done);
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

    private void send(Call call) {
        VolumeRecord volume = context.metadata().state().volumes().get(call.message.volume());
        if (volume != null && context.post().send(volume.owner().node(), call.message)) {
            call.sentTo = volume.owner();
        }
    }
}
