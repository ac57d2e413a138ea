package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.EqualNorms;
import io.amalgam.internal.method.common.LayerScale;
import io.amalgam.internal.method.common.WeightSums;
import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.internal.method.select.ModelMagnitudes;
import io.amalgam.internal.method.select.RankedMask;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ModelPass;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The family that adds task vectors {@code d_i = x_i - base} to the base: {@code base + lambda *
 * sum w_i s(d_i)}, with {@code s} thinning each vector out, and with or without a vote on signs.
 * Its members differ in constants only; see {@link TaskArithmeticFamily}.
 *
 * <p>Everything per element is float32, each step rounded, models in recipe order; norms are summed
 * in float64. Weights come before the vote unless {@code vote: unweighted} asks otherwise, so a
 * negative weight turns a model's vote round.
 */
public final class TaskArithmetic implements WholeModelMethod {
    private final MethodInfo info;
    private final Member member;

    /**
     * What a member of the family has of its own.
     *
     * @param consensus whether signs are voted on
     * @param normalize default of the parameter
     * @param rescale default of the parameter
     */
    record Member(
            String name,
            String summary,
            String formula,
            Sparsifier sparsifier,
            boolean consensus,
            boolean normalize,
            boolean rescale,
            MethodInfo.Paper paper,
            String cost) {}

    TaskArithmetic(Member member) {
        this.member = member;
        this.info =
                new MethodInfo(
                        member.name(),
                        member.summary(),
                        member.formula(),
                        MethodInfo.Base.REQUIRED,
                        0,
                        Integer.MAX_VALUE,
                        parameters(member),
                        member.paper(),
                        member.cost());
    }

    private static List<ParameterSpec> parameters(Member member) {
        List<ParameterSpec> parameters = new ArrayList<>();
        parameters.add(
                ParameterSpec.required(
                        "weight", Scope.PER_MODEL, false, "factor of the model's task vector"));
        parameters.add(density(member.sparsifier()));
        if (member.sparsifier() == Sparsifier.MAGNITUDE_OUTLIERS) {
            parameters.add(
                    ParameterSpec.number(
                                    "gamma",
                                    Scope.PER_MODEL,
                                    0.01,
                                    "share of the largest elements that is dropped as outliers")
                            .within(0, 1, "0.01 drops the largest hundredth"));
        }
        if (member.sparsifier() == Sparsifier.RANKED) {
            parameters.add(
                    ParameterSpec.number(
                                    "epsilon",
                                    Scope.PER_MODEL,
                                    0.15,
                                    "how far the probability to be kept goes below and above the density")
                            .within(0, 0.5, "density - epsilon to density + epsilon"));
        }
        parameters.add(
                ParameterSpec.flag(
                        "normalize",
                        member.normalize(),
                        member.consensus()
                                ? "divide by the weights that agree with the majority sign"
                                : "divide by the sum of the weights"));
        parameters.add(
                ParameterSpec.number(
                        "lambda", Scope.SHARED, 1.0, "factor of the merged task vector"));
        parameters.add(
                ParameterSpec.text(
                        "rescale",
                        Boolean.toString(member.rescale()),
                        "true or l1: give each thinned vector its L1 norm back; density: divide it by the density; false: neither"));
        if (member.sparsifier() == Sparsifier.MAGNITUDE) {
            parameters.add(
                    ParameterSpec.text(
                            "trim_scope",
                            "tensor",
                            "tensor: trim each tensor to its largest; model: all tensors of a model together"));
        }
        if (member.consensus()) {
            parameters.addAll(SignVote.parameters());
        }
        parameters.add(EqualNorms.PARAMETER);
        parameters.addAll(LayerScale.parameters());
        parameters.add(ParameterSpec.flag("int8_mask", false, "accepted; changes nothing"));
        return parameters;
    }

    private static ParameterSpec density(Sparsifier sparsifier) {
        if (sparsifier == Sparsifier.NONE) {
            return ParameterSpec.number("density", Scope.PER_MODEL, 1.0, "accepted, not used");
        }
        return ParameterSpec.number(
                        "density", Scope.PER_MODEL, 1.0, "share of the task vector that is kept")
                .within(0, 1, "1 keeps every element, 0.1 a tenth of them");
    }

    @Override
    public MethodInfo info() {
        return info;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        Rescale rescale = rescale(call);
        trimsModel(call);
        SignVote vote = vote(call);
        if (others.isEmpty()) {
            return new TensorStep.Copy(call.base());
        }
        return EqualNorms.then(
                call,
                others,
                equal ->
                        member.sparsifier()
                                .masks(
                                        call,
                                        others,
                                        masks -> rescaled(call, rescale, vote, masks, equal)));
    }

    @Override
    public Optional<ModelPass> survey(List<TensorCall> calls) {
        boolean[] together = new boolean[calls.size()];
        boolean any = false;
        for (int t = 0; t < together.length; t++) {
            together[t] = trimsModel(calls.get(t)) && !calls.get(t).models().isEmpty();
            any |= together[t];
        }
        if (!any) {
            return Optional.empty();
        }
        ModelMagnitudes.Then then =
                (t, others, masks) -> {
                    TensorCall call = calls.get(t);
                    return together[t]
                            ? EqualNorms.then(
                                    call,
                                    others,
                                    equal ->
                                            rescaled(call, rescale(call), vote(call), masks, equal))
                            : bind(call);
                };
        return Optional.of(new ModelMagnitudes(calls, together, then).survey());
    }

    private SignVote vote(TensorCall call) {
        return member.consensus() ? SignVote.of(call) : SignVote.MERGEKIT;
    }

    private boolean trimsModel(TensorCall call) {
        if (member.sparsifier() != Sparsifier.MAGNITUDE) {
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

    /**
     * @param equal what makes the whole task vectors' norms equal, 1 for each where that is not
     *     wanted
     */
    private TensorStep rescaled(
            TensorCall call, Rescale rescale, SignVote vote, DeltaMask[] masks, float[] equal) {
        List<Integer> others = call.models();
        boolean thinned = false;
        float[] factors = equal.clone();
        for (int m = 0; m < masks.length; m++) {
            boolean whole = masks[m] == DeltaMask.ALL || masks[m] == DeltaMask.NONE;
            thinned |= !whole;
            if (rescale == Rescale.DENSITY && !whole) {
                if (masks[m] instanceof RankedMask ranked) {
                    masks[m] = ranked.dividing();
                } else {
                    factors[m] *= (float) (1 / call.number(others.get(m), "density"));
                }
            }
        }
        if (rescale == Rescale.NORM && thinned && member.sparsifier() != Sparsifier.NONE) {
            return new NormRestoring(
                    call.base(),
                    call.elements(),
                    others,
                    masks,
                    (known, found) -> combine(call, vote, known, product(factors, found)));
        }
        return combine(call, vote, masks, factors);
    }

    private static float[] product(float[] a, float[] b) {
        float[] product = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            product[i] = a[i] * b[i];
        }
        return product;
    }

    private TensorStep combine(TensorCall call, SignVote vote, DeltaMask[] masks, float[] factors) {
        List<Integer> others = call.models();
        float[] weights = new float[masks.length];
        float sum = 0;
        boolean whole = true;
        for (int m = 0; m < masks.length; m++) {
            weights[m] = (float) call.number(others.get(m), "weight");
            sum += weights[m];
            whole &= masks[m] == DeltaMask.ALL && factors[m] == 1;
        }
        float lambda = (float) (call.number("lambda") * LayerScale.factor(call));
        boolean normalize = call.flag("normalize");
        if (!member.consensus()) {
            float nothing = Math.max(1e-8f, WeightSums.rounding(weights));
            float divisor = normalize && Math.abs(sum) > nothing ? sum : 1;
            return new WeightedSum(
                    call.base(), others, masks, factors, weights, divisor, lambda, whole);
        }
        boolean mayCancel = normalize && WeightSums.rounding(weights) > 0;
        if (vote.equals(SignVote.MERGEKIT) && !mayCancel) {
            return new TiesCombine(call.base(), others, masks, factors, weights, normalize, lambda);
        }
        return new VotedSum(call.base(), others, masks, factors, weights, normalize, lambda, vote);
    }
}
