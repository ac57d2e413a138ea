package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.plan.OpenModels.Model;
import java.util.List;

/**
 * Numbered parts that are stages of several layers each, as in Swin: each has its own width and
 * feeds the next, so their order is fixed.
 */
final class Stages {
    /** How many layers each stage has. */
    private static final String DEPTHS = "depths";

    private Stages() {}

    /**
     * @param lenders the model of each output layer
     * @param sources the number of each in its model
     */
    static void check(
            List<Model> lenders, List<Integer> sources, ModuleTensors scope, Problems problems) {
        Model first = lenders.get(0);
        LayerStack stack = scope.stack(first).orElseThrow();
        boolean inOrder = sources.size() == stack.count();
        for (int layer = 0; inOrder && layer < sources.size(); layer++) {
            inOrder = sources.get(layer) == layer;
        }
        boolean stages =
                first.checkpoint
                        .config()
                        .map(config -> counts(config, stack.count()))
                        .orElse(false);
        if (stages && !inOrder) {
            problems.addOnce(
                    "stages " + first.ref,
                    Problem.expected(
                                    "'" + stack.prefix() + "N' of model '" + first.ref + "'",
                                    "layers",
                                    "stages, whose layers 'depths' in config.json counts")
                            .at(first.ref.location())
                            .hint("stages differ in width and cannot be restacked"));
        }
    }

    private static boolean counts(ObjectNode config, int stages) {
        return config.findValues(DEPTHS).stream()
                .anyMatch(depths -> depths.isArray() && depths.size() == stages);
    }
}
