package io.ashlar.simulation.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.simulation.world.SimRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The checker itself: it must see what is wrong, and accept what is right. */
final class LinearizabilityTest {
    private final History history = new History();

    @Test
    void acceptsOverlappingWritesInEitherOrder() {
        // Two writes at once may take effect in either order.
        Operation one = history.beginWrite("r", 1, "");
        Operation two = history.beginWrite("r", 2, "");
        history.writeDone(two);
        history.writeDone(one);
        history.readDone(history.beginRead("r", ""), 1);
        assertThatCode(history::check).doesNotThrowAnyException();
    }

    @Test
    void seesALostWrite() {
        // An acknowledged write that a later read does not show.
        history.writeDone(history.beginWrite("r", 1, ""));
        history.writeDone(history.beginWrite("r", 2, ""));
        history.readDone(history.beginRead("r", ""), 1);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void seesAReadThatGoesBack() {
        // A write of unknown outcome was seen, and then not any more.
        history.writeDone(history.beginWrite("r", 1, ""));
        history.beginWrite("r", 2, "");
        history.readDone(history.beginRead("r", ""), 2);
        history.readDone(history.beginRead("r", ""), 1);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void allowsAWriteOfUnknownOutcomeToAppearLate() {
        // Nobody knows when, so any time after its begin will do.
        history.writeDone(history.beginWrite("r", 1, ""));
        history.beginWrite("r", 2, "");
        history.readDone(history.beginRead("r", ""), 1);
        history.readDone(history.beginRead("r", ""), 2);
        assertThatCode(history::check).doesNotThrowAnyException();
    }

    @Test
    void seesAWriteThatTakesEffectAfterItsFence() {
        // F1: what a fence has decided may not come back.
        history.writeDone(history.beginWrite("r", 1, ""));
        Operation stalled = history.beginWrite("r", 2, "");
        history.decideNow(List.of(stalled));
        history.readDone(history.beginRead("r", ""), 1);
        history.readDone(history.beginRead("r", ""), 2);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void seesARefusedWrite() {
        // What was refused may never be read.
        history.refused(history.beginWrite("r", 1, ""));
        history.readDone(history.beginRead("r", ""), 1);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void seesZerosThatCameBack() {
        // The contents at first count as a value too.
        history.writeDone(history.beginWrite("r", 1, ""));
        history.readDone(history.beginRead("r", ""), 0);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void checksTrimsBySearch() {
        // Zeros are written again and again, so zones do not apply.
        history.writeDone(history.beginWrite("r", 0, ""));
        history.writeDone(history.beginWrite("r", 7, ""));
        history.writeDone(history.beginWrite("r", 0, ""));
        history.readDone(history.beginRead("r", ""), 0);
        assertThatCode(history::check).doesNotThrowAnyException();
        history.readDone(history.beginRead("r", ""), 7);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void decidesManyTrimsOfUnknownOutcomeInTime() {
        // Any of them may have been the one that a read saw: all choices would be 2 to the 60.
        for (long value = 1; value <= 60; value++) {
            history.beginWrite("r", 0, "");
            history.writeDone(history.beginWrite("r", value, ""));
            history.readDone(history.beginRead("r", ""), 0);
        }
        assertThatCode(history::check).doesNotThrowAnyException();
        history.writeDone(history.beginWrite("r", 61, ""));
        history.readDone(history.beginRead("r", ""), 0);
        assertThatThrownBy(history::check).isInstanceOf(Violation.class);
    }

    @Test
    void bothMethodsAgreeOnRandomHistories() {
        // Zones are clever, the search is plain: they must say the same.
        int accepted = 0;
        int refused = 0;
        for (long seed = 0; seed < 20_000; seed++) {
            List<Operation> operations = randomHistory(new SimRandom(seed));
            boolean plain = Linearizability.isLinearizable(Linearizability.relevant(operations));
            boolean zones = true;
            try {
                Linearizability.check("r", operations);
            } catch (Violation _) {
                zones = false;
            }
            assertThat(zones).as("seed %s: %s", seed, operations).isEqualTo(plain);
            accepted += plain ? 1 : 0;
            refused += plain ? 0 : 1;
        }
        assertThat(accepted).isGreaterThan(1_000);
        assertThat(refused).isGreaterThan(1_000);
    }

    private static List<Operation> randomHistory(SimRandom random) {
        History history = new History();
        List<Operation> open = new ArrayList<>();
        long value = 0;
        for (int i = 0; i < 14; i++) {
            if (open.size() < 3 && random.chance(0.5)) {
                open.add(
                        random.chance(0.5)
                                ? history.beginWrite("r", ++value, "")
                                : history.beginRead("r", ""));
            } else if (!open.isEmpty()) {
                Operation operation = open.remove(random.nextInt(open.size()));
                if (!operation.isWrite()) {
                    history.readDone(operation, Math.max(0, value - random.nextInt(3)));
                } else if (random.chance(0.7)) {
                    history.writeDone(operation);
                } else if (random.chance(0.5)) {
                    history.decidedUnknown(operation);
                }
            }
        }
        return history.register("r");
    }
}
