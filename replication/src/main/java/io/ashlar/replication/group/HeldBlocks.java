package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.common.BlockRange;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.PgRules.Rule;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Blocks that a primary reads to make their next contents of them: held from before the read until
 * what was made is an entry, so that nothing comes in between. Owned by the group's shard.
 */
final class HeldBlocks {
    private final PgRules rules;
    private final RangeGate gate;
    private final Mending mending;

    HeldBlocks(PgRules rules, RangeGate gate, Mending mending) {
        this.rules = rules;
        this.gate = gate;
        this.mending = mending;
    }

    /**
     * Reads blocks when they are free, and lets go of them when {@code then} returns.
     *
     * @param holding the rule by which they are held; the simulation can switch it off
     * @param isDropped whether the request has its answer already
     * @param then appends its entry, if any; gets null if no member has intact contents. Not called
     *     for what was dropped
     */
    void read(
            BlockRange range,
            Rule holding,
            BooleanSupplier isDropped,
            Consumer<@Nullable Blocks> then) {
        gate.acquire(
                range,
                () -> {
                    if (isDropped.getAsBoolean()) {
                        gate.release(range);
                        return;
                    }
                    boolean held = rules.has(holding);
                    if (!held) {
                        gate.release(range);
                    }
                    mending.readOwn(
                            range,
                            found -> {
                                if (!isDropped.getAsBoolean()) {
                                    then.accept(found);
                                }
                                if (held) {
                                    gate.release(range);
                                }
                            });
                });
    }
}
