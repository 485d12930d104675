package io.ashlar.simulation;

/** What a run's nodes run. */
public enum Program {
    /** The placement groups that ship, under owners of the simulation's own. */
    GROUPS,
    /** Groups and volumes that ship, under hosts. */
    VOLUMES;

    /** As the command line names it. */
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
