package io.amalgam.internal.lora.combine;

import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.LanczosSvd;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.lora.FactorPair;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.combine.CombineOptions.On;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Combines the factors that several adapters have for one module. */
final class ModuleCombiner {
    private static final double ROUNDING = 1e-26;

    private final CombineOptions options;
    private final int largestRank;
    private final @Nullable DeltaMerge registry;

    /**
     * @param largestRank of any module of any adapter
     */
    ModuleCombiner(CombineOptions options, int adapters, int largestRank) {
        this.options = options;
        this.largestRank = largestRank;
        this.registry = options.on() == On.FACTORS ? null : new DeltaMerge(options, adapters);
    }

    /** A module's new factors, and what became of it. */
    record Result(LowRankDelta factors, CombineResult.Report report) {}

    /**
     * @param parts at least one, of equal {@code in} and {@code out}
     */
    Result combine(String name, List<ModuleFactors> parts) {
        DeltaMerge merge = registry;
        if (merge != null) {
            return switch (options.on()) {
                case CORE -> balanced(name, parts, SharedSubspace.core(name, parts, merge));
                case KNOTS_PER_MODULE ->
                        balanced(name, parts, Knots.of(name, parts, false).merged(merge));
                default ->
                        dense(
                                name,
                                parts,
                                merge.merge(name, shape(parts), deltas(parts), weights(parts)),
                                false);
            };
        }
        String method = options.method();
        if (method.equals("cat")) {
            return cat(name, parts);
        }
        if (method.equals("exact")) {
            return balanced(name, parts, LowRankSvd.ofSum(parts));
        }
        if (method.equals("svd")) {
            Svd svd = LowRankSvd.ofSum(parts);
            return oneSided(name, parts, svd, svd.energy());
        }
        if (method.endsWith("_svd")) {
            String rule = method.substring(0, method.length() - "_svd".length());
            PeftMethod peft = PeftMethod.named(rule).orElseThrow();
            float[] merged = peft.merge(deltas(parts), weights(parts), options, name);
            return dense(name, parts, merged, true);
        }
        return factors(name, parts, PeftMethod.named(method).orElseThrow());
    }

    /** Combines all modules at once, in their order: KnOTS. */
    List<Result> combine(List<Knots> modules, double[] weights) {
        DeltaMerge merge = Objects.requireNonNull(registry);
        List<float[]> merged = Knots.together(modules, weights, merge);
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < merged.size(); i++) {
            Knots module = modules.get(i);
            results.add(balanced(module.module(), module.parts(), module.change(merged.get(i))));
        }
        return results;
    }

    private static Result cat(String name, List<ModuleFactors> parts) {
        List<ModuleFactors> all = LowRankSvd.merged(parts, true);
        Matrix a = Matrix.above(all.stream().map(p -> p.matrixA().scaled(p.factor())).toList());
        Matrix b = Matrix.beside(all.stream().map(ModuleFactors::matrixB).toList());
        return result(name, parts, a, b, 0, Optional.empty());
    }

    /** Both factors get the root of weight and scale, A its sign. */
    private Result factors(String name, List<ModuleFactors> parts, PeftMethod peft) {
        double[] roots = new double[parts.size()];
        double[] signed = new double[parts.size()];
        List<float[]> as = new ArrayList<>();
        List<float[]> bs = new ArrayList<>();
        for (int t = 0; t < roots.length; t++) {
            ModuleFactors part = parts.get(t);
            roots[t] = Math.sqrt(Math.abs(part.factor()));
            signed[t] = Math.signum(part.factor()) * roots[t];
            as.add(part.a().clone());
            bs.add(part.b().clone());
        }
        ModuleFactors first = parts.get(0);
        Matrix a =
                Matrix.of(
                        first.rank(),
                        first.in(),
                        peft.merge(as, signed, options, name + ".lora_A"));
        Matrix b =
                Matrix.of(
                        first.out(),
                        first.rank(),
                        peft.merge(bs, roots, options, name + ".lora_B"));
        return result(name, parts, a, b, 0, Optional.of(crossTerms(parts, a, b)));
    }

    /** The distance of {@code b a} from the weighted sum, by the sum's norm. */
    private static double crossTerms(List<ModuleFactors> parts, Matrix a, Matrix b) {
        double sum = LowRankSvd.ofSum(parts).energy();
        List<Matrix> left = new ArrayList<>(List.of(b.scaled(-1)));
        List<Matrix> right = new ArrayList<>(List.of(a));
        for (ModuleFactors part : parts) {
            left.add(part.matrixB().scaled(part.factor()));
            right.add(part.matrixA());
        }
        double off = LowRankSvd.of(Matrix.beside(left), Matrix.above(right)).energy();
        return sum == 0 ? 0 : Math.sqrt(off / sum);
    }

    private Result dense(String name, List<ModuleFactors> parts, float[] merged, boolean oneSided) {
        FloatMatrix matrix = new FloatMatrix(parts.get(0).out(), parts.get(0).in(), merged);
        Svd svd = LanczosSvd.of(matrix, rank(parts));
        double energy = matrix.squares();
        return oneSided ? oneSided(name, parts, svd, energy) : balanced(name, parts, svd, energy);
    }

    private Result balanced(String name, List<ModuleFactors> parts, Svd svd) {
        return balanced(name, parts, svd, svd.energy());
    }

    private Result balanced(String name, List<ModuleFactors> parts, Svd svd, double energy) {
        Svd kept = svd.truncated(rank(parts));
        double[] roots = Arrays.stream(kept.s()).map(Math::sqrt).toArray();
        Matrix a = kept.v().scaledColumns(roots).transpose();
        Matrix b = kept.u().scaledColumns(roots);
        return result(name, parts, a, b, discarded(kept, energy, parts), Optional.empty());
    }

    /** The singular values go to B, as in PEFT. */
    private Result oneSided(String name, List<ModuleFactors> parts, Svd svd, double energy) {
        Svd kept = svd.truncated(rank(parts));
        Matrix a = kept.v().transpose();
        Matrix b = kept.u().scaledColumns(kept.s());
        if (options.clamp().isPresent()) {
            double limit = Clamp.quantile(options.clamp().get(), b, a);
            a = Clamp.clamped(a, limit);
            b = Clamp.clamped(b, limit);
        }
        return result(name, parts, a, b, discarded(kept, energy, parts), Optional.empty());
    }

    /** Of changes that cancel out only rounding is left, and nothing is lost with it. */
    private static double discarded(Svd kept, double energy, List<ModuleFactors> parts) {
        double all = 0;
        for (ModuleFactors part : parts) {
            double factor = part.factor();
            all += factor * factor * part.matrixA().squares() * part.matrixB().squares();
        }
        return energy <= ROUNDING * all ? 0 : Math.max(0, 1 - kept.energy() / energy);
    }

    private static Result result(
            String name,
            List<ModuleFactors> parts,
            Matrix a,
            Matrix b,
            double discarded,
            Optional<Double> crossTerms) {
        LoraModule module = parts.get(0).module();
        long[] dims = module.a().info().shape().dims();
        dims[0] = a.rows();
        LowRankDelta factors =
                new LowRankDelta(name, kind(parts), a, b, Shape.of(dims), Optional.empty());
        double norm = Math.sqrt(LowRankSvd.of(b, a).energy());
        return new Result(
                factors,
                new CombineResult.Report(
                        name, module.out(), module.in(), a.rows(), discarded, crossTerms, norm));
    }

    /** Transposed if any adapter says so: PEFT writes otherwise without being asked. */
    private static LoraModule.Kind kind(List<ModuleFactors> parts) {
        return parts.stream()
                .map(part -> part.module().kind())
                .filter(LoraModule.Kind.TRANSPOSED::equals)
                .findFirst()
                .orElse(parts.get(0).module().kind());
    }

    private int rank(List<ModuleFactors> parts) {
        int sum = parts.stream().mapToInt(ModuleFactors::rank).sum();
        int largest = parts.stream().mapToInt(ModuleFactors::rank).max().orElseThrow();
        if (options.rank().isPresent() || options.on() != On.FACTORS) {
            return options.rank().orElse(largest);
        }
        // As PEFT does it: modules differ in rank where adapters have patterns of ranks.
        return options.method().endsWith("svd")
                ? largestRank
                : options.method().equals("exact") ? sum : largest;
    }

    private static Shape shape(List<ModuleFactors> parts) {
        return Shape.of(parts.get(0).out(), parts.get(0).in());
    }

    private static double[] weights(List<ModuleFactors> parts) {
        double[] weights = new double[parts.size()];
        Arrays.setAll(weights, t -> parts.get(t).weight());
        return weights;
    }

    /** The changes in full, scales in them and weights not. */
    private static List<float[]> deltas(List<ModuleFactors> parts) {
        List<float[]> deltas = new ArrayList<>();
        for (ModuleFactors part : parts) {
            int in = part.in();
            float[] left = part.b().clone();
            for (int i = 0; i < left.length; i++) {
                left[i] = (float) (left[i] * part.scale());
            }
            float[][] right = new float[part.rank()][];
            for (int k = 0; k < right.length; k++) {
                right[k] = Arrays.copyOfRange(part.a(), k * in, (k + 1) * in);
            }
            FactorPair factors = new FactorPair(part.rank(), in, left, right);
            float[] delta = new float[Math.multiplyExact(part.out(), in)];
            float[][] spare = new float[2][in];
            factors.add(ScalarKernels.INSTANCE, 0, part.out(), 0, in, delta, 0, spare);
            deltas.add(delta);
        }
        return deltas;
    }
}
