package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.vector.Gram;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * Spherical interpolation from the base (t = 0) to the other model (t = 1), each tensor taken as
 * one vector: {@code sin((1-t) theta)/sin(theta) a + sin(t theta)/sin(theta) b} with theta the
 * angle between them, and straight interpolation where they are nearly parallel ({@code |cos theta|
 * > 0.9995}). Products in float64; coefficients rounded to float32 once.
 *
 * <p>Shoemake 1985, "Animating rotation with quaternion curves", <a
 * href="https://doi.org/10.1145/325165.325242">doi:10.1145/325165.325242</a>.
 */
public final class Slerp implements MergeMethod {
    private static final double PARALLEL = 0.9995;
    private static final double SMALLEST_NORM = 1e-8;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "slerp",
                    "spherical interpolation between the base and one other model",
                    "sin((1-t)o)/sin(o) * base + sin(t*o)/sin(o) * other, o = angle between them",
                    MethodInfo.Base.REQUIRED,
                    1,
                    1,
                    List.of(
                            ParameterSpec.required(
                                    "t", Scope.SHARED, false, "0 is the base, 1 the other model")),
                    new MethodInfo.Paper(
                            "Animating rotation with quaternion curves",
                            "https://doi.org/10.1145/325165.325242"),
                    "two passes, a few numbers held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int a = call.base();
        int b = call.models().get(0);
        double t = call.number("t");
        return new Gram(new int[] {a, b}, gram -> interpolate(gram, a, b, t));
    }

    private static TensorStep interpolate(double[][] gram, int a, int b, double t) {
        double normA = Math.sqrt(gram[0][0]);
        double normB = Math.sqrt(gram[1][1]);
        double cosine =
                gram[0][1]
                        / ((normA > SMALLEST_NORM ? normA : 1)
                                * (normB > SMALLEST_NORM ? normB : 1));
        cosine = Math.max(-1, Math.min(1, cosine));
        double ca = 1 - t;
        double cb = t;
        if (Math.abs(cosine) <= PARALLEL) {
            double theta = StrictMath.acos(cosine);
            double sine = StrictMath.sin(theta);
            ca = StrictMath.sin(theta - theta * t) / sine;
            cb = StrictMath.sin(theta * t) / sine;
        }
        float fa = (float) ca;
        float fb = (float) cb;
        return (TensorStep.Combine)
                (in, out) -> in.kernels().blend(in.input(a), fa, in.input(b), fb, out, in.length());
    }
}
