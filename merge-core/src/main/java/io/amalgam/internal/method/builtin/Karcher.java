package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.vector.DeltaVectors;
import io.amalgam.internal.method.vector.Gram;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.List;

/**
 * The Karcher (Riemannian) mean of the models' directions on the unit sphere, with the models' mean
 * norm; each tensor is one vector. Every iterate is a combination of the inputs, so the iteration
 * runs on their inner products and reads no data. Products and coefficients in float64; these
 * rounded to float32 once.
 *
 * <p>Karcher 1977, "Riemannian center of mass and mollifier smoothing", <a
 * href="https://doi.org/10.1002/cpa.3160300502">doi:10.1002/cpa.3160300502</a>.
 */
public final class Karcher implements MergeMethod {
    /** Norms of unit vectors' combinations below this are rounding error. */
    private static final double CANCELLED = 1e-7;

    /** Cosines below this are of opposite vectors: there is no one arc between them. */
    private static final double OPPOSITE = -1 + 1e-12;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "karcher",
                    "Riemannian mean of the models' directions, with their mean norm",
                    "mean(|x_i|) * argmin_u sum(angle(u, x_i)^2), |u| = 1",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.integer("max_iter", 10, "most iterations")
                                    .within(0, 1e6, "10 is plenty"),
                            ParameterSpec.number(
                                            "tol",
                                            Scope.SHARED,
                                            1e-5,
                                            "norms, angles and steps smaller than this count as 0")
                                    .atLeast(0, "0.00001 is usual")),
                    new MethodInfo.Paper(
                            "Riemannian center of mass and mollifier smoothing",
                            "https://doi.org/10.1002/cpa.3160300502"),
                    "two passes, the inner products of all pairs held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int models = call.models().size();
        if (models == 1) {
            return new TensorStep.Copy(0);
        }
        int iterations = (int) call.number("max_iter");
        double tol = call.number("tol");
        return new DeltaVectors(call.models(), DeltaVectors.NO_ORIGIN)
                .whole(gram -> mean(gram, iterations, tol));
    }

    private static double[] mean(double[][] gram, int iterations, double tol) {
        int models = gram.length;
        double[] norms = new double[models];
        List<Integer> valid = new ArrayList<>();
        double meanNorm = 0;
        for (int i = 0; i < models; i++) {
            norms[i] = Math.sqrt(gram[i][i]);
            meanNorm += norms[i] / models;
            if (norms[i] > tol) {
                valid.add(i);
            }
        }
        double[] mean = new double[models];
        if (valid.isEmpty()) {
            return mean;
        }
        double[][] cosines = new double[models][models];
        for (int i : valid) {
            for (int j : valid) {
                cosines[i][j] = i == j ? 1 : gram[i][j] / (norms[i] * norms[j]);
            }
        }
        onSphere(cosines, valid, iterations, tol, mean);
        for (int i : valid) {
            mean[i] *= meanNorm / norms[i];
        }
        return mean;
    }

    /** Writes the coefficients of the unit vectors whose combination is their mean. */
    private static void onSphere(
            double[][] cosines, List<Integer> valid, int iterations, double tol, double[] mean) {
        double share = 1.0 / valid.size();
        for (int i : valid) {
            mean[i] = share;
        }
        double length = Gram.norm(cosines, mean);
        if (length < Math.max(tol, CANCELLED)) {
            java.util.Arrays.fill(mean, 0);
            mean[valid.get(0)] = 1;
        } else {
            scale(mean, 1 / length);
        }
        for (int step = 0; step < iterations; step++) {
            double[] tangent = tangent(cosines, valid, share, tol, mean);
            double speed = Gram.norm(cosines, tangent);
            if (!(speed >= tol) || speed == 0) {
                return;
            }
            double along = StrictMath.sin(speed) / speed;
            scale(mean, StrictMath.cos(speed));
            for (int i : valid) {
                mean[i] += along * tangent[i];
            }
            double now = Gram.norm(cosines, mean);
            if (now > tol) {
                scale(mean, 1 / now);
            }
        }
    }

    /** The mean of the directions to the vectors, as long as the angles to them. */
    private static double[] tangent(
            double[][] cosines, List<Integer> valid, double share, double tol, double[] mean) {
        double[] tangent = new double[mean.length];
        double back = 0;
        for (int i : valid) {
            double cosine = Math.max(-1, Math.min(1, Gram.product(cosines, i, mean)));
            double theta = StrictMath.acos(cosine);
            if (theta < tol || theta == 0 || cosine < OPPOSITE) {
                continue;
            }
            double pull = share * theta / StrictMath.sin(theta);
            tangent[i] += pull;
            back += pull * cosine;
        }
        for (int i : valid) {
            tangent[i] -= back * mean[i];
        }
        return tangent;
    }

    private static void scale(double[] values, double factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
    }
}
