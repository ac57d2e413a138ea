package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.Problem;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks that each layer of a new stack has the tensors its place needs: those of the donor's
 * layers with the same settings. A reader builds the layer by its place, not by what is in the
 * file.
 */
final class LayerPlaces {
    private static final String KEEP_KINDS =
            "choose ranges that keep the order of the kinds of layers";

    private final StackedLayers stack;
    private final List<String> before;
    private final List<String> after;

    private LayerPlaces(StackedLayers stack, List<String> before, List<String> after) {
        this.stack = stack;
        this.before = before;
        this.after = after;
    }

    /**
     * @param config the donor's; empty if it has none
     * @param wrong takes what no reader could load
     * @param doubtful takes what cannot be known
     */
    static void check(
            StackedLayers stack,
            Optional<ObjectNode> config,
            OutputFormat format,
            List<Problem> wrong,
            List<Problem> doubtful) {
        int layers = stack.before().size();
        List<String> before = List.of();
        List<String> after = List.of();
        if (config.isPresent()) {
            ConfigChanges changes =
                    new ConfigChanges(
                            Optional.empty(),
                            List.of(stack.change()),
                            Optional.empty(),
                            Optional.empty());
            before = format.layerFacts(config.get(), stack.change().stack(), layers);
            after =
                    format.layerFacts(
                            format.config(config.get(), changes),
                            stack.change().stack(),
                            stack.after().size());
        }
        LayerPlaces places =
                new LayerPlaces(
                        stack,
                        before.isEmpty() ? Collections.nCopies(layers, "") : before,
                        after.isEmpty() ? Collections.nCopies(stack.after().size(), "") : after);
        places.check(wrong, doubtful);
    }

    private void check(List<Problem> wrong, List<Problem> doubtful) {
        boolean inOrder = stack.after().equals(stack.before());
        if (inOrder || stack.before().isEmpty()) {
            return;
        }
        boolean firstDiffers = firstDiffers();
        for (int place = 0; place < after.size(); place++) {
            Map<String, Shape> own = stack.after().get(place);
            if (firstDiffers && place == 0 && !own.equals(stack.before().get(0))) {
                wrong.add(unfit(place, stack.before().get(0), "as every first layer has"));
                return;
            }
            List<Map<String, Shape>> fitting = fitting(place, firstDiffers);
            if (!fitting.isEmpty() && !fitting.contains(own) && !(firstDiffers && place == 0)) {
                boolean first = firstDiffers && own.equals(stack.before().get(0));
                wrong.add(
                        unfit(
                                place,
                                fitting.get(0),
                                first
                                        ? "as every layer but a first has"
                                        : "as config.json has it in this place"));
                return;
            }
        }
        for (int place = 0; place < after.size(); place++) {
            if (fitting(place, firstDiffers).stream().distinct().count() > 1) {
                doubtful.add(unexplained(place));
                return;
            }
        }
    }

    /** Tensors of the donor's layers that the configuration describes as it will this place. */
    private List<Map<String, Shape>> fitting(int place, boolean butFirst) {
        List<Map<String, Shape>> fitting = new ArrayList<>();
        for (int layer = butFirst ? 1 : 0; layer < before.size(); layer++) {
            if (before.get(layer).equals(after.get(place))) {
                fitting.add(stack.before().get(layer));
            }
        }
        return fitting;
    }

    /**
     * Whether the donor's first layer has other tensors than every other, and the configuration
     * says of another what it says of the first: then it is the place that makes the difference.
     */
    private boolean firstDiffers() {
        Map<String, Shape> first = stack.before().get(0);
        boolean alone = stack.before().lastIndexOf(first) == 0;
        return alone && before.lastIndexOf(before.get(0)) > 0;
    }

    private Problem unfit(int place, Map<String, Shape> wanted, String why) {
        Map<String, Shape> own = stack.after().get(place);
        Set<String> missing = new TreeSet<>(wanted.keySet());
        missing.removeAll(own.keySet());
        Set<String> odd = new TreeSet<>(own.keySet());
        odd.removeAll(wanted.keySet());
        String source =
                "layer "
                        + stack.change().sources().get(place)
                        + " of '"
                        + stack.lenders().get(place)
                        + "'";
        String what = "layer " + place + " of the output, which is " + source;
        Problem problem;
        if (!missing.isEmpty()) {
            problem =
                    Problem.expected(
                            what, "a tensor '" + missing.iterator().next() + "' " + why, "none");
        } else if (!odd.isEmpty()) {
            problem =
                    Problem.expected(
                            what, "no tensor '" + odd.iterator().next() + "' " + why, "one");
        } else {
            String suffix =
                    own.keySet().stream()
                            .filter(key -> !Objects.equals(own.get(key), wanted.get(key)))
                            .sorted()
                            .findFirst()
                            .orElseThrow();
            problem =
                    Problem.expected(
                            what,
                            "shape " + wanted.get(suffix) + " of tensor '" + suffix + "' " + why,
                            Objects.requireNonNull(own.get(suffix)));
        }
        return problem.at(stack.lenders().get(place).location()).hint(KEEP_KINDS);
    }

    private Problem unexplained(int place) {
        return Problem.of(
                        "layers of '"
                                + stack.donor()
                                + "' have different tensors and config.json does not say which: whether layer "
                                + place
                                + " of the output fits its place is not known")
                .at(stack.donor().location())
                .hint("load the result and see that no tensor is missing or left over");
    }
}
