package io.amalgam.internal.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.method.TensorCall;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** JSON shared by plans and reports. */
public final class PlanJson {
    private PlanJson() {}

    /**
     * Adds what a tensor is made of: where each input is from, what it is to the method, its shape
     * if that is not the output's, and its parameters.
     */
    public static void inputs(ObjectNode tensor, TensorTask task) {
        ArrayNode inputs = tensor.putArray("inputs");
        for (int i = 0; i < task.sources().size(); i++) {
            TensorCall.Input input = task.call().inputs().get(i);
            ObjectNode node = inputs.addObject().put("from", task.sources().get(i).identity());
            node.put("role", input.role().name().toLowerCase(Locale.ROOT));
            if (!input.part().isEmpty()) {
                node.put("part", input.part());
            }
            if (!task.alongOutput(i)) {
                ArrayNode shape = node.putArray("shape");
                Arrays.stream(task.call().shape(i).dims()).forEach(shape::add);
            }
            values(node.putObject("parameters"), input.values());
        }
    }

    /** Adds parameters in the order of their names. */
    public static void values(ObjectNode node, Map<String, Object> values) {
        new TreeMap<>(values).forEach(node::putPOJO);
    }

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
