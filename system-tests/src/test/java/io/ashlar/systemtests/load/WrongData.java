package io.ashlar.systemtests.load;

/** A read returned what it must not: the one failure that nothing excuses. */
public final class WrongData extends Exception {
    private static final long serialVersionUID = 1;

    WrongData(String what) {
        super(what);
    }
}
