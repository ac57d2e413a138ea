package io.amalgam.method;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.ParameterSpec.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The family that adds task vectors {@code d_i = x_i - base} to the base: {@code base + lambda *
 * sum w_i s(d_i)}, with {@code s} thinning each vector out, and with or without a vote on signs.
 * Its members differ in constants only; see {@link #family()}.
 *
 * <p>Everything per element is float32, each step rounded, models in recipe order; norms are summed
 * in float64. Weights come before the vote, so a negative weight turns a model's vote round.
 */
public final class TaskArithmetic implements WholeModelMethod {
    private final MethodInfo info;
    private final Sparsifier sparsifier;
    private final boolean consensus;

    private TaskArithmetic(
            String name,
            String summary,
            String formula,
            Sparsifier sparsifier,
            boolean consensus,
            boolean normalize,
            boolean rescale,
            MethodInfo.Paper paper,
            String cost) {
        this.sparsifier = sparsifier;
        this.consensus = consensus;
        List<ParameterSpec> parameters = new ArrayList<>();
        parameters.add(
                ParameterSpec.required(
                        "weight", Scope.PER_MODEL, false, "factor of the model's task vector"));
        parameters.add(density(sparsifier));
        parameters.add(
                ParameterSpec.flag(
                        "normalize",
                        normalize,
                        consensus
                                ? "divide by the weights that agree with the majority sign"
                                : "divide by the sum of the weights"));
        parameters.add(
                ParameterSpec.number(
                        "lambda", Scope.SHARED, 1.0, "factor of the merged task vector"));
        parameters.add(
                ParameterSpec.text(
                        "rescale",
                        Boolean.toString(rescale),
                        "true or l1: give each thinned vector its L1 norm back; density: divide it by the density; false: neither"));
        if (sparsifier == Sparsifier.MAGNITUDE) {
            parameters.add(
                    ParameterSpec.text(
                            "trim_scope",
                            "tensor",
                            "tensor: trim each tensor to its largest; model: all tensors of a model together"));
        }
        parameters.add(ParameterSpec.flag("int8_mask", false, "accepted; changes nothing"));
        this.info =
                new MethodInfo(
                        name,
                        summary,
                        formula,
                        MethodInfo.Base.REQUIRED,
                        0,
                        Integer.MAX_VALUE,
                        parameters,
                        paper,
                        cost);
    }

    private static ParameterSpec density(Sparsifier sparsifier) {
        if (sparsifier == Sparsifier.NONE) {
            return ParameterSpec.number("density", Scope.PER_MODEL, 1.0, "accepted, not used");
        }
        return ParameterSpec.number(
                        "density", Scope.PER_MODEL, 1.0, "share of the task vector that is kept")
                .within(0, 1, "1 keeps every element, 0.1 a tenth of them");
    }

    /** The members of the family. */
    static List<MergeMethod> family() {
        MethodInfo.Paper arithmetic =
                new MethodInfo.Paper(
                        "Editing models with task arithmetic", "https://arxiv.org/abs/2212.04089");
        MethodInfo.Paper ties =
                new MethodInfo.Paper(
                        "TIES-Merging: Resolving Interference When Merging Models",
                        "https://arxiv.org/abs/2306.01708");
        MethodInfo.Paper dare =
                new MethodInfo.Paper(
                        "Language Models are Super Mario (DARE)",
                        "https://arxiv.org/abs/2311.03099");
        return List.of(
                new TaskArithmetic(
                        "task_arithmetic",
                        "adds weighted task vectors to the base",
                        "base + lambda * sum(w_i * d_i), d_i = x_i - base",
                        Sparsifier.NONE,
                        false,
                        false,
                        false,
                        arithmetic,
                        "one pass, nothing held"),
                new TaskArithmetic(
                        "ties",
                        "trims task vectors to their largest elements, elects a sign, adds what agrees",
                        "base + lambda * sum(w_i * top(d_i) with the majority sign) / sum(those w_i)",
                        Sparsifier.MAGNITUDE,
                        true,
                        true,
                        false,
                        ties,
                        "two passes, three where magnitudes tie at the cut; a histogram of 1 MiB a worker"),
                new TaskArithmetic(
                        "dare_linear",
                        "drops random elements of task vectors, rescales, adds",
                        "base + lambda * sum(w_i * c_i * random(d_i)), c_i restores the L1 norm",
                        Sparsifier.RANDOM,
                        false,
                        false,
                        true,
                        dare,
                        "two passes, one without rescaling by the norm"),
                new TaskArithmetic(
                        "dare_ties",
                        "drops random elements of task vectors, rescales, elects a sign, adds what agrees",
                        "base + lambda * sum(w_i * c_i * random(d_i) with the majority sign)",
                        Sparsifier.RANDOM,
                        true,
                        false,
                        true,
                        dare,
                        "two passes, one without rescaling by the norm"));
    }

    @Override
    public MethodInfo info() {
        return info;
    }

    @Override
    public Stage bind(TensorCall call) {
        List<Integer> others = call.others();
        Rescale rescale = rescale(call);
        trimsModel(call);
        if (others.isEmpty()) {
            return new Stage.Copy(call.base());
        }
        return sparsifier.masks(call, others, masks -> rescaled(call, others, rescale, masks));
    }

    @Override
    public Optional<Survey> survey(List<TensorCall> calls) {
        boolean[] together = new boolean[calls.size()];
        boolean any = false;
        for (int t = 0; t < together.length; t++) {
            together[t] = trimsModel(calls.get(t)) && !calls.get(t).others().isEmpty();
            any |= together[t];
        }
        if (!any) {
            return Optional.empty();
        }
        ModelMagnitudes.Then then =
                (t, others, masks) -> {
                    TensorCall call = calls.get(t);
                    return together[t] ? rescaled(call, others, rescale(call), masks) : bind(call);
                };
        return Optional.of(new ModelMagnitudes(calls, together, then).survey());
    }

    private boolean trimsModel(TensorCall call) {
        if (sparsifier != Sparsifier.MAGNITUDE) {
            return false;
        }
        String word = call.text("trim_scope");
        if (!word.equals("tensor") && !word.equals("model")) {
            throw new BadInputException(
                    Problem.expected(
                            "parameter 'trim_scope'", "tensor or model", "'" + word + "'"));
        }
        return word.equals("model");
    }

    private enum Rescale {
        NONE,
        NORM,
        DENSITY
    }

    private static Rescale rescale(TensorCall call) {
        String word = call.text("rescale").toLowerCase(Locale.ROOT);
        return switch (word) {
            case "false" -> Rescale.NONE;
            case "true", "l1" -> Rescale.NORM;
            case "density" -> Rescale.DENSITY;
            default ->
                    throw new BadInputException(
                            Problem.expected(
                                    "parameter 'rescale'",
                                    "true (or l1), false or density",
                                    "'" + word + "'"));
        };
    }

    private Stage rescaled(
            TensorCall call, List<Integer> others, Rescale rescale, DeltaMask[] masks) {
        boolean thinned = false;
        float[] factors = new float[masks.length];
        for (int m = 0; m < masks.length; m++) {
            boolean whole = masks[m] == DeltaMask.ALL || masks[m] == DeltaMask.NONE;
            thinned |= !whole;
            factors[m] =
                    rescale == Rescale.DENSITY && !whole
                            ? (float) (1 / call.number(others.get(m), "density"))
                            : 1;
        }
        if (rescale == Rescale.NORM && thinned && sparsifier != Sparsifier.NONE) {
            return new NormRestoring(
                    call.base(), others, masks, found -> combine(call, others, masks, found));
        }
        return combine(call, others, masks, factors);
    }

    private Stage combine(
            TensorCall call, List<Integer> others, DeltaMask[] masks, float[] factors) {
        float[] weights = new float[masks.length];
        float sum = 0;
        for (int m = 0; m < masks.length; m++) {
            weights[m] = (float) call.number(others.get(m), "weight");
            sum += weights[m];
        }
        float lambda = (float) call.number("lambda");
        boolean normalize = call.flag("normalize");
        if (consensus) {
            return new Consensus(call.base(), others, masks, factors, weights, normalize, lambda);
        }
        float divisor = normalize && Math.abs(sum) >= 1e-8f ? sum : 1;
        boolean whole = true;
        for (int m = 0; m < masks.length; m++) {
            whole &= masks[m] == DeltaMask.ALL && factors[m] == 1;
        }
        return new Sum(call.base(), others, masks, factors, weights, divisor, lambda, whole);
    }

    private record Sum(
            int base,
            List<Integer> others,
            DeltaMask[] masks,
            float[] factors,
            float[] weights,
            float divisor,
            float lambda,
            boolean whole)
            implements Stage.Combine {
        @Override
        public void combine(Block in, float[] out) {
            Kernels kernels = in.kernels();
            int n = in.length();
            float[] origin = in.input(base);
            if (whole) {
                float[][] x = in.inputs(others);
                kernels.addDeltas(x, weights, masks.length, origin, divisor, lambda, out, n);
                return;
            }
            float[] sum = in.scratch(0);
            java.util.Arrays.fill(sum, 0, n, 0f);
            float[] delta = in.scratch(1);
            for (int m = 0; m < masks.length; m++) {
                float[] x = in.input(others.get(m));
                masks[m].weighted(in, x, origin, factors[m], weights[m], delta);
                kernels.add(sum, delta, sum, n);
            }
            kernels.addScaled(origin, sum, divisor, lambda, out, n);
        }
    }

    private record Consensus(
            int base,
            List<Integer> others,
            DeltaMask[] masks,
            float[] factors,
            float[] weights,
            boolean normalize,
            float lambda)
            implements Stage.Combine {
        @Override
        public void combine(Block in, float[] out) {
            float[] origin = in.input(base);
            int[] cuts = in.ints(masks.length);
            if (cuts(in, cuts)) {
                in.kernels()
                        .trimmedConsensus(
                                in.inputs(others),
                                cuts,
                                weights,
                                masks.length,
                                origin,
                                normalize,
                                lambda,
                                out,
                                in.length());
                return;
            }
            float[][] weighted = in.scratchGroup(masks.length);
            for (int m = 0; m < masks.length; m++) {
                float[] x = in.input(others.get(m));
                masks[m].weighted(in, x, origin, factors[m], weights[m], weighted[m]);
            }
            in.kernels()
                    .consensus(
                            weighted,
                            weights,
                            masks.length,
                            origin,
                            normalize,
                            lambda,
                            out,
                            in.length());
        }

        /** The masks as cuts of magnitudes, where they are nothing else in this block. */
        private boolean cuts(Block in, int[] cuts) {
            for (int m = 0; m < masks.length; m++) {
                cuts[m] = masks[m].cut(in);
                if (cuts[m] < 0 || factors[m] != 1) {
                    return false;
                }
            }
            return true;
        }
    }
}
