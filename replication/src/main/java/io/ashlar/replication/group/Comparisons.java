package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.PgRules.Rule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * COMPARE AND WRITE at a primary (DESIGN section 6, rule 9; ADR 9). The block is held from the
 * comparison until its outcome is an entry of the log, and the answer waits for that entry: what
 * was compared was committed by then, and the lead was still this one. A miscompare is an entry,
 * too, of the contents that were found. Owned by the group's shard.
 */
final class Comparisons {
    private final Primary primary;
    private final PgRules rules;
    private final HeldBlocks blocks;

    Comparisons(Primary primary, PgRules rules, HeldBlocks blocks) {
        this.primary = primary;
        this.rules = rules;
        this.blocks = blocks;
    }

    /**
     * Does it when the block is free.
     *
     * @param isDropped whether the request has its answer already
     */
    void admit(
            PgRequest what, BlockRange range, BooleanSupplier isDropped, Consumer<PgReply> done) {
        blocks.read(range, Rule.COMPARE_HELD, isDropped, found -> decide(what, range, found, done));
    }

    private void decide(
            PgRequest what, BlockRange range, @Nullable Blocks found, Consumer<PgReply> done) {
        if (found == null) {
            done.accept(new PgReply.Unrecovered(range + " has no intact copy"));
        } else if (what instanceof PgRequest.CompareAndWrite compare) {
            compare(compare, range, found, done);
        } else if (what instanceof PgRequest.Settle settle) {
            settle(settle, range, found, done);
        }
    }

    private void compare(
            PgRequest.CompareAndWrite what,
            BlockRange range,
            Blocks found,
            Consumer<PgReply> done) {
        if (crc(what.compared()) != what.checksums()[0]
                || crc(what.data()) != what.checksums()[1]) {
            done.accept(new PgReply.Refused("checksums of a comparison do not match its data"));
            return;
        }
        CompareMark mark = what.mark();
        int at = mark.offset() - range.first() * Sizes.BLOCK_BYTES;
        Payload here = found.data().slice(at, mark.length());
        List<CompareMark> holding =
                new ArrayList<>(primary.marks().outside(range, mark.offset(), mark.length()));
        if (isSame(here, what.compared())) {
            byte[] merged = found.data().toByteArray();
            what.data().copyTo(0, merged, at, what.data().length());
            holding.add(mark);
            Blocks written = Blocks.checksummed(Payload.of(merged));
            primary.append(LogEntry.Kind.WRITE, range, written, holding, done);
        } else if (isRepetition(primary.marks().at(what.chunk(), mark.offset()), what)
                && isSame(here, what.data())) {
            // Done before, and nobody has changed the block since. The mark is this command's now.
            holding.add(mark);
            primary.appendContents(range, found, holding, done);
        } else {
            PgReply other = new PgReply.Done(here, new int[] {crc(here)});
            primary.appendContents(
                    range,
                    found,
                    reply -> done.accept(reply instanceof PgReply.Done ? other : reply));
        }
    }

    /**
     * Whether a command may be one that was done before: the very same, sent again by an owner; or
     * the host's with the same operands, from where the host could not know that it was done.
     */
    private boolean isRepetition(@Nullable CompareMark known, PgRequest.CompareAndWrite what) {
        if (known == null) {
            return false;
        }
        CompareMark mark = what.mark();
        if (known.ofCommand().equals(mark.ofCommand())) {
            return true;
        }
        if (what.answered().contains(known.ofCommand()) && rules.has(Rule.COMPARE_ANSWERED)) {
            return false;
        }
        return known.hasOperandsOf(mark)
                && (known.host() == mark.host() || !rules.has(Rule.COMPARE_HOST))
                && (known.origin() != mark.origin() || !rules.has(Rule.COMPARE_ORIGIN));
    }

    private void settle(
            PgRequest.Settle what, BlockRange range, Blocks found, Consumer<PgReply> done) {
        CompareMark mark = what.mark();
        CompareMark known = primary.marks().at(what.chunk(), mark.offset());
        boolean isKnown = known != null && known.ofCommand().equals(mark.ofCommand());
        // An entry that replaced the mark and is taken back would bring it back.
        boolean isGone = !isKnown && !primary.isUncommitted(range);
        if (isGone || !rules.has(Rule.COMPARE_SETTLED)) {
            done.accept(PgReply.DONE);
            return;
        }
        CompareMarks marks = primary.marks();
        primary.appendContents(
                range,
                found,
                isKnown ? marks.outside(range, mark.offset(), mark.length()) : marks.of(range),
                done);
    }

    private static int crc(Payload data) {
        return data.crc32c(0, data.length());
    }

    private static boolean isSame(Payload one, Payload other) {
        return Arrays.equals(one.toByteArray(), other.toByteArray());
    }
}
