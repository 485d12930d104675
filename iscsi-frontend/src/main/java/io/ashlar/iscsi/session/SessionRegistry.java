package io.ashlar.iscsi.session;

import io.ashlar.iscsi.login.LoginIdentity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The normal sessions of a target, by initiator port: a login with the same initiator name and ISID
 * takes the former one's place (session reinstatement, RFC 7143 section 6.3.5). Safe for use by any
 * thread.
 */
public final class SessionRegistry {
    private static final int TSIH_MAX = 0xFFFF;

    /** A session that may have to give way; called from any thread. */
    interface Member {
        void onReplaced();

        /** Its host has asked for a TARGET COLD RESET. */
        void onColdReset();
    }

    private record Entry(String host, Member member, int tsih) {}

    private final Map<String, Entry> byPort = new HashMap<>();
    private final Set<Integer> used = new HashSet<>();
    private int lastTsih;

    /**
     * Enters a session; the one in its place is told.
     *
     * @return its TSIH, or 0 if there are no more
     */
    int enter(LoginIdentity identity, Member member) {
        Entry former;
        int tsih;
        synchronized (this) {
            tsih = freeTsih();
            if (tsih == 0) {
                return 0;
            }
            used.add(tsih);
            former =
                    byPort.put(
                            identity.initiatorPort(),
                            new Entry(identity.initiatorName(), member, tsih));
            if (former != null) {
                used.remove(former.tsih());
            }
        }
        if (former != null) {
            former.member().onReplaced();
        }
        return tsih;
    }

    /** Ends all sessions of a host with this node, RFC 7143 section 11.5.1. */
    void onColdReset(String host) {
        List<Member> members = new ArrayList<>();
        synchronized (this) {
            for (Entry entry : byPort.values()) {
                if (entry.host().equals(host)) {
                    members.add(entry.member());
                }
            }
        }
        members.forEach(Member::onColdReset);
    }

    /** Takes a session out, unless another has its place already. */
    synchronized void leave(LoginIdentity identity, Member member) {
        @Nullable Entry entry = byPort.get(identity.initiatorPort());
        if (entry != null && entry.member() == member) {
            byPort.remove(identity.initiatorPort());
            used.remove(entry.tsih());
        }
    }

    /** How many there are. */
    public synchronized int size() {
        return byPort.size();
    }

    private int freeTsih() {
        for (int tries = 0; tries < TSIH_MAX; tries++) {
            lastTsih = lastTsih == TSIH_MAX ? 1 : lastTsih + 1;
            if (!used.contains(lastTsih)) {
                return lastTsih;
            }
        }
        return 0;
    }
}
