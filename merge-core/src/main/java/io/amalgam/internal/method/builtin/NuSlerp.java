package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.vector.DeltaVectors;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * Spherical interpolation between two models by their weights, of the tensor as one vector, of each
 * row, or of each column; with a base, of the two models' differences to it. Straight where the
 * cosine rounds to 1 or -1 in float32. Products in float64; coefficients rounded to float32 once.
 *
 * <p>Defined by mergekit; Shoemake 1985, "Animating rotation with quaternion curves", <a
 * href="https://doi.org/10.1145/325165.325242">doi:10.1145/325165.325242</a>.
 */
public final class NuSlerp implements MergeMethod {
    private static final double SMALLEST_NORM = 1e-7;
    private static final double SMALLEST_SUM = 1e-6;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "nuslerp",
                    "spherical interpolation between two models by weight, or between their differences to a base",
                    "sin((1-t)o)/sin(o) * x_1 + sin(t*o)/sin(o) * x_2, t = w_2/(w_1+w_2), o = angle between them",
                    MethodInfo.Base.OPTIONAL,
                    2,
                    2,
                    List.of(
                            ParameterSpec.required(
                                    "weight", Scope.PER_MODEL, false, "the model's share"),
                            ParameterSpec.flag(
                                    "nuslerp_flatten",
                                    true,
                                    "take a tensor as one vector; else each row or column"),
                            ParameterSpec.flag(
                                            "nuslerp_row_wise",
                                            false,
                                            "with 'nuslerp_flatten: false': false for rows along the last axis, true for columns along the first")
                                    .onlyWith("nuslerp_flatten", "false")),
                    new MethodInfo.Paper(
                            "Animating rotation with quaternion curves",
                            "https://doi.org/10.1145/325165.325242"),
                    "two passes, a few numbers held; one pass for rows; for columns one worker a tensor and 3 numbers a column");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        double first = call.number(others.get(0), "weight");
        double second = call.number(others.get(1), "weight");
        double sum = first + second;
        double t = Math.abs(sum) < SMALLEST_SUM ? 0.5 : second / sum;
        DeltaVectors vectors = new DeltaVectors(others, call.base());
        DeltaVectors.Coefficients arc = gram -> interpolate(gram, t);
        if (call.flag("nuslerp_flatten")) {
            return vectors.whole(arc);
        }
        return call.flag("nuslerp_row_wise") ? vectors.columns(call, arc) : vectors.rows(call, arc);
    }

    private static double[] interpolate(double[][] gram, double t) {
        double norms =
                Math.max(Math.sqrt(gram[0][0]), SMALLEST_NORM)
                        * Math.max(Math.sqrt(gram[1][1]), SMALLEST_NORM);
        double cosine = Math.max(-1, Math.min(1, gram[0][1] / norms));
        if (Math.abs((float) cosine) == 1) {
            return new double[] {1 - t, t};
        }
        double theta = StrictMath.acos(cosine);
        double sine = StrictMath.sin(theta);
        return new double[] {
            StrictMath.sin(theta - theta * t) / sine, StrictMath.sin(theta * t) / sine
        };
    }
}
