package io.amalgam.internal.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.plan.MergePlan;

/** JSON shared by plans and reports. */
public final class PlanJson {
    private PlanJson() {}

    /** Adds the list of tensors that models name otherwise, as {@code renamed}. */
    public static void renamed(ObjectNode root, MergePlan plan) {
        ArrayNode renamed = root.putArray("renamed");
        plan.renamings()
                .forEach(
                        renaming ->
                                renamed.addObject()
                                        .put("model", renaming.model().toString())
                                        .put("from", renaming.from())
                                        .put("to", renaming.to())
                                        .put("tensors", renaming.tensors()));
    }
}
