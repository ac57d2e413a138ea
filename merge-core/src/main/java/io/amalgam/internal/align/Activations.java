package io.amalgam.internal.align;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Activations of two models on the same inputs: {@code <module>.activation}, what a module puts
 * out, and {@code <module>.input}, what it takes in; a row for each example.
 */
record Activations(Checkpoint own, Checkpoint its) {
    /** A tensor of activations, examples x units, of both models. */
    private record Both(TensorSource own, TensorSource its, boolean input) {}

    /** What there is of a group: outputs of what writes its units, inputs of what reads them. */
    private List<Both> of(Units group) {
        Set<String> names = new LinkedHashSet<>();
        for (Places places : group.places()) {
            names.add(name(group, places));
        }
        List<Both> found = new ArrayList<>();
        for (String name : names) {
            @Nullable TensorSource one = own.tensors().get(name);
            @Nullable TensorSource other = its.tensors().get(name);
            boolean fits =
                    one != null
                            && other != null
                            && one.info().shape().rank() == 2
                            && other.info().shape().rank() == 2
                            && one.info().shape().dim(1) == group.size();
            if (fits) {
                found.add(
                        new Both(
                                Objects.requireNonNull(one),
                                Objects.requireNonNull(other),
                                name.endsWith(".input")));
            }
        }
        return found;
    }

    /** What the activations of units at a place are called. */
    static String name(Units group, Places places) {
        String tensor = places.tensor();
        String module = tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
        return module + (group.incoming().contains(places) ? ".activation" : ".input");
    }

    boolean has(Units group) {
        return !of(group).isEmpty();
    }

    /** Adds the activations of a group as features of its units; false if there are none. */
    boolean addInputs(Units group, Distances to, Context context) throws IOException {
        for (Both both : of(group)) {
            float[] a = values(both.own, own, context.workspace());
            float[] b = values(both.its, its, context.workspace());
            requireSame(both, a.length / to.rows(), b.length / to.columns());
            to.add(a, b, a.length / to.rows(), context);
        }
        return has(group);
    }

    /**
     * Correlations of units after the nonlinearity, or inner products.
     *
     * @return empty if there are no activations of the group
     */
    Optional<double[]> fits(Units group, AlignOptions options, Context context) throws IOException {
        List<Both> all = of(group);
        if (all.isEmpty()) {
            return Optional.empty();
        }
        int n = group.size();
        double[] sum = new double[n * n];
        for (Both both : all) {
            float[] a = values(both.its, its, context.workspace());
            float[] b = values(both.own, own, context.workspace());
            requireSame(both, b.length / n, a.length / n);
            int samples = a.length / n;
            if (!both.input) {
                options.nonlinearity().apply(a);
                options.nonlinearity().apply(b);
            }
            if (options.pearson()) {
                standardise(a, n, samples);
                standardise(b, n, samples);
            }
            io.amalgam.internal.align.match.Similarity fits =
                    new io.amalgam.internal.align.match.Similarity(n, n);
            fits.add(a, b, samples, context);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += fits.values()[i] / samples;
            }
        }
        return Optional.of(sum);
    }

    /** Mean 0 and variance 1 of each unit; 0 where it never changes. */
    private static void standardise(float[] values, int units, int samples) {
        for (int u = 0; u < units; u++) {
            double mean = 0;
            for (int s = 0; s < samples; s++) {
                mean += values[s * units + u];
            }
            mean /= samples;
            double squares = 0;
            for (int s = 0; s < samples; s++) {
                squares += Math.pow(values[s * units + u] - mean, 2);
            }
            double deviation = Math.sqrt(squares / samples);
            for (int s = 0; s < samples; s++) {
                int at = s * units + u;
                values[at] = deviation > 0 ? (float) ((values[at] - mean) / deviation) : 0;
            }
        }
    }

    private void requireSame(Both both, int own, int its) {
        if (own != its) {
            throw new BadInputException(
                    Problem.expected(
                                    "activations '" + both.own.info().name() + "'",
                                    "as many examples as in '" + its().path() + "', " + its,
                                    own)
                            .at("'" + own().path() + "'")
                            .hint("compute both on the same inputs"));
        }
    }

    private static float[] values(TensorSource tensor, Checkpoint of, Workspace workspace)
            throws IOException {
        float[] values = TensorReads.of(tensor, workspace);
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new BadInputException(
                        Problem.expected(
                                        "activations '" + tensor.info().name() + "'",
                                        "finite numbers",
                                        value)
                                .at("'" + of.path() + "'")
                                .hint("compute them again"));
            }
        }
        return values;
    }
}
