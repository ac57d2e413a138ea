package io.amalgam.internal.lora.extract;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.internal.lora.ParameterFactors;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Factors of a parameter that holds a matrix for each expert, as {@code target_parameters} has
 * them. One expert's matrix is held at a time.
 */
final class ExpertExtraction {
    private static final int BLOCK = 1 << 14;

    private final Map<String, TensorSource> tuned;
    private final ExtractOptions options;
    private final boolean transposed;

    /**
     * @param transposed whether an expert's matrix is {@code in x out}
     */
    ExpertExtraction(Map<String, TensorSource> tuned, ExtractOptions options, boolean transposed) {
        this.tuned = tuned;
        this.options = options;
        this.transposed = transposed;
    }

    /**
     * What was found out about the experts.
     *
     * @param changed tensors that differ
     * @param skipped those of them that are not wanted
     */
    record Found(
            List<String> changed,
            List<String> skipped,
            Optional<ParameterFactors> factors,
            Optional<Extracted.Report> report) {}

    Found look(Parameters.Parameter parameter) throws IOException {
        Shape shape = parameter.shape();
        int experts = (int) shape.dim(0);
        int rows = Math.toIntExact(shape.dim(1));
        int cols = Math.toIntExact(shape.dim(2));
        List<String> changed = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        List<Optional<BestFactors>> found = new ArrayList<>();
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, BLOCK);
        // Factors that are larger than a matrix are still smaller than all that PEFT would need.
        int most = Math.max(1, BestFactors.most(options, rows, cols));
        for (int expert = 0; expert < experts; expert++) {
            float[] change = new float[Math.multiplyExact(rows, cols)];
            List<TensorSource> tensors =
                    parameter.tensors().get(parameter.isStacked() ? expert : 0);
            int at = 0;
            for (TensorSource tensor : tensors) {
                String name = tensor.info().name();
                long from = parameter.isStacked() ? 0 : (long) expert * change.length;
                int count = change.length - at;
                if (parameter.isStacked()) {
                    count = Math.toIntExact(tensor.info().elements());
                }
                if (read(tensor, from, count, change, at, workspace)) {
                    add(changed, name);
                    if (!options.wants(ModuleTree.module(name)) && !wants(parameter)) {
                        add(skipped, name);
                        java.util.Arrays.fill(change, at, at + count, 0);
                    }
                }
                at += count;
            }
            found.add(factors(new FloatMatrix(rows, cols, change), most));
        }
        if (found.stream().allMatch(Optional::isEmpty)) {
            return new Found(changed, skipped, Optional.empty(), Optional.empty());
        }
        return factored(parameter, changed, skipped, found);
    }

    private boolean wants(Parameters.Parameter parameter) {
        return !parameter.isStacked() && options.wants(parameter.name());
    }

    private static void add(List<String> names, String name) {
        if (!names.contains(name)) {
            names.add(name);
        }
    }

    private Optional<BestFactors> factors(FloatMatrix change, int most) {
        if (change.squares() == 0) {
            return Optional.empty();
        }
        Optional<BestFactors> best = BestFactors.of(change, options, most);
        int full = Math.min(change.rows(), change.cols());
        return best.isPresent() ? best : BestFactors.of(change, options, full);
    }

    private Found factored(
            Parameters.Parameter parameter,
            List<String> changed,
            List<String> skipped,
            List<Optional<BestFactors>> found) {
        int experts = found.size();
        int rank =
                found.stream()
                        .flatMap(Optional::stream)
                        .mapToInt(factors -> factors.right().rows())
                        .max()
                        .orElse(1);
        Shape shape = parameter.shape();
        int rows = (int) shape.dim(1);
        int cols = (int) shape.dim(2);
        Matrix a = Matrix.zeros(experts * rank, transposed ? rows : cols);
        Matrix b = Matrix.zeros(transposed ? cols : rows, rank * experts);
        double squares = 0;
        double kept = 0;
        for (int expert = 0; expert < experts; expert++) {
            if (found.get(expert).isEmpty()) {
                continue;
            }
            BestFactors factors = found.get(expert).get();
            squares += factors.squares();
            kept += factors.squares() * factors.energy();
            Matrix in = transposed ? factors.left().transpose() : factors.right();
            Matrix out = transposed ? factors.right().transpose() : factors.left();
            for (int k = 0; k < in.rows(); k++) {
                for (int i = 0; i < in.cols(); i++) {
                    a.set(expert * rank + k, i, in.get(k, i));
                }
                for (int o = 0; o < out.rows(); o++) {
                    b.set(o, k * experts + expert, out.get(o, k));
                }
            }
        }
        String module = ModuleTree.module(parameter.name());
        String leaf = ModuleTree.leaf(parameter.name());
        return new Found(
                changed,
                skipped,
                Optional.of(new ParameterFactors(module, leaf, rank, a, b)),
                Optional.of(
                        new Extracted.Report(
                                parameter.name(),
                                (long) experts * rows,
                                cols,
                                rank,
                                Math.min(1, kept / squares),
                                Math.sqrt(squares))));
    }

    /** Reads a part of a tensor's change; whether any of it is not zero. */
    private boolean read(
            TensorSource tensor, long from, int count, float[] change, int at, Workspace workspace)
            throws IOException {
        TensorSource twin = Objects.requireNonNull(tuned.get(tensor.info().name()));
        float[] origin = new float[BLOCK];
        boolean changed = false;
        for (int done = 0; done < count; done += BLOCK) {
            int n = Math.min(BLOCK, count - done);
            twin.read(from + done, n, change, at + done, workspace);
            tensor.read(from + done, n, origin, 0, workspace);
            for (int i = 0; i < n; i++) {
                int place = at + done + i;
                change[place] -= origin[i];
                Extraction.checkFinite(tensor.info().name(), change[place], from + done + i);
                changed |= change[place] != 0;
            }
        }
        return changed;
    }
}
