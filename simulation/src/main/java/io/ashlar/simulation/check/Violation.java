package io.ashlar.simulation.check;

/** An invariant of DESIGN sections 5 or 6 does not hold. */
public final class Violation extends AssertionError {
    private final String invariant;

    public Violation(String invariant, String message) {
        super(invariant + ": " + message);
        this.invariant = invariant;
    }

    /** Its name. */
    public String invariant() {
        return invariant;
    }
}
