package io.amalgam.internal.structure.moe;

import io.amalgam.error.Problem;
import java.util.List;

/**
 * Hears how gates are computed from prompts: when a plan is run, by the threads that run it.
 * Running the base over the prompts may take minutes.
 */
public interface GateListener {
    /** Hears nothing. */
    GateListener NONE = new GateListener() {};

    /** Called now and then by any thread at work: may throw to stop. */
    default void check() {}

    /**
     * Layers of the base that prompts have passed.
     *
     * @param of all; as often as the base is run
     */
    default void layers(int done, int of) {}

    /** Rows that will not serve a router, once all are known: may throw to stop. */
    default void warn(List<Problem> warnings) {}
}
