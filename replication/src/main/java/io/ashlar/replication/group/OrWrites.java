package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.replication.PgRules.Rule;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * ORWRITE at a primary (ADR 11): whole blocks are read, the bits are set, and the result is an
 * entry like a write's, also if no bit was new: what is answered rests on contents that are
 * committed, and on a lead that was still this one. Owned by the group's shard.
 */
final class OrWrites {
    private final Primary primary;
    private final HeldBlocks blocks;

    OrWrites(Primary primary, HeldBlocks blocks) {
        this.primary = primary;
        this.blocks = blocks;
    }

    /**
     * Does it when the blocks are free. The checksums of its data were verified.
     *
     * @param isDropped whether the request has its answer already
     */
    void admit(
            PgRequest.OrWrite what,
            BlockRange range,
            BooleanSupplier isDropped,
            Consumer<PgReply> done) {
        blocks.read(range, Rule.OR_HELD, isDropped, found -> write(what, range, found, done));
    }

    private void write(
            PgRequest.OrWrite what,
            BlockRange range,
            @Nullable Blocks found,
            Consumer<PgReply> done) {
        if (found == null) {
            done.accept(new PgReply.Unrecovered(range + " has no intact copy"));
            return;
        }
        byte[] merged = found.data().toByteArray();
        Payload bits = what.data();
        int at = what.offset() - range.first() * Sizes.BLOCK_BYTES;
        for (int i = 0; i < bits.length(); i++) {
            merged[at + i] |= bits.array()[bits.offset() + i];
        }
        primary.append(
                LogEntry.Kind.WRITE,
                range,
                Blocks.checksummed(Payload.of(merged)),
                primary.marks().outside(range, what.offset(), bits.length()),
                done);
    }
}
