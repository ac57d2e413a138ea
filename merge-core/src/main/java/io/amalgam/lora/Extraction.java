package io.amalgam.lora;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.InOrder;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.layers.LooseTensors;
import io.amalgam.linalg.FloatMatrix;
import io.amalgam.linalg.Matrix;
import io.amalgam.linalg.RandomSvd;
import io.amalgam.linalg.Svd;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Takes what fine-tuning changed out of a model, as an adapter: for each matrix the best change of
 * its rank, {@code B = U sqrt(S)} and {@code A = sqrt(S) V^T}, by a randomised SVD with a fixed
 * seed. What has no factors (embeddings, norms) or would not gain by them is saved whole, a module
 * at a time. Holds for each thread one matrix of both models, and the new adapter.
 */
public final class Extraction {
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final Checkpoint tuned;
    private final Checkpoint base;
    private final ExtractOptions options;
    private final Map<String, LowRank> modules = new LinkedHashMap<>();
    private final Map<String, NewAdapter.Whole> whole = new LinkedHashMap<>();
    private final List<Extracted.Report> reports = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final Set<String> saved = new LinkedHashSet<>();
    private int unchanged;
    private DType dtype = DType.BF16;

    private Extraction(Checkpoint tuned, Checkpoint base, ExtractOptions options) {
        this.tuned = tuned;
        this.base = base;
        this.options = options;
    }

    /** Extracts with a thread for each processor. */
    public static Extracted of(
            Checkpoint tuned,
            Checkpoint base,
            String baseName,
            ExtractOptions options,
            Optional<DType> type)
            throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        return of(tuned, base, baseName, options, type, threads);
    }

    /**
     * Extracts; both models stay open.
     *
     * @param baseName what the adapter's settings name as its base
     * @param type what is written; empty for the models' own
     * @param threads tensors worked on at a time; changes nothing in the result
     * @throws BadInputException if the models do not have the same tensors in the same shapes, or
     *     nothing differs
     */
    public static Extracted of(
            Checkpoint tuned,
            Checkpoint base,
            String baseName,
            ExtractOptions options,
            Optional<DType> type,
            int threads)
            throws IOException {
        return new Extraction(tuned, base, options).extract(baseName, type, threads);
    }

    private Extracted extract(String baseName, Optional<DType> type, int threads)
            throws IOException {
        checkSame(tuned, base);
        List<TensorSource> tensors = new ArrayList<>(base.tensors().values());
        // A bias goes with the factors of its weight, which may lie behind it.
        tensors.sort(Comparator.comparing(t -> t.info().name().endsWith(BIAS)));
        int all = tensors.size();
        tensors.removeIf(tensor -> !tensor.info().dtype().arithmetic());
        unchanged += all - tensors.size();
        for (int i = 0; i < tensors.size(); i++) {
            DType own = tensors.get(i).info().dtype();
            dtype = i == 0 ? own : DType.promote(dtype, own);
        }
        InOrder.run(tensors, threads, this::look, this::take);
        saveModules();
        if (modules.isEmpty()) {
            throw new BadInputException(
                    Problem.of("no matrix that could be factored differs between the models")
                            .hint("check which models are compared, and --include and --exclude"));
        }
        boolean halves = dtype == DType.BF16 || dtype == DType.F16;
        NewAdapter adapter =
                new NewAdapter(
                        List.copyOf(modules.values()),
                        whole,
                        type.orElse(halves ? dtype : DType.F32),
                        baseName,
                        Optional.empty());
        return new Extracted(adapter, reports, List.copyOf(whole.keySet()), skipped, unchanged);
    }

    static void checkSame(Checkpoint tuned, Checkpoint base) {
        List<Problem> problems = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>(base.tensors().keySet());
        names.addAll(tuned.tensors().keySet());
        List<String> alone = new ArrayList<>();
        for (String name : names) {
            TensorSource a = tuned.tensors().get(name);
            TensorSource b = base.tensors().get(name);
            if (a == null || b == null) {
                alone.add(name);
            } else if (!a.info().shape().equals(b.info().shape())) {
                problems.add(
                        Problem.expected(
                                        "shape of tensor '" + name + "' in the fine-tuned model",
                                        b.info().shape() + " as in the base",
                                        a.info().shape())
                                .hint("compare a model with the one it was trained from"));
            }
        }
        if (!alone.isEmpty()) {
            problems.add(
                    Problem.expected(
                                    "tensors of both models",
                                    "the same names",
                                    alone.size()
                                            + " that only one has, such as '"
                                            + alone.get(0)
                                            + "'")
                            .hint("compare a model with the one it was trained from"));
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    static String module(String tensor) {
        int dot = tensor.lastIndexOf('.');
        return dot < 0 ? tensor : tensor.substring(0, dot);
    }

    /**
     * What was found out about a tensor.
     *
     * @param bias its change, if it is a bias and changed
     * @param factors if it has any that are worth it
     */
    private record Found(
            String name, boolean changed, Optional<float[]> bias, Optional<Factored> factors) {}

    private record Factored(LowRank factors, Extracted.Report report) {}

    /** Works on one tensor; many threads at a time do. */
    private Found look(TensorSource tensor) throws IOException {
        String name = tensor.info().name();
        float[] change = change(tensor);
        boolean changed = false;
        for (int i = 0; i < change.length; i++) {
            if (!Float.isFinite(change[i])) {
                throw new BadInputException(
                        Problem.expected(
                                "change of tensor '" + name + "'",
                                "finite numbers",
                                change[i] + " at element " + i));
            }
            changed |= change[i] != 0;
        }
        boolean bias = changed && name.endsWith(BIAS);
        String module = module(name);
        return new Found(
                name,
                changed,
                bias ? Optional.of(change) : Optional.empty(),
                changed && options.wants(module) && factorable(tensor)
                        ? factor(module, tensor.info().shape(), change)
                        : Optional.empty());
    }

    private void take(Found found) {
        String module = module(found.name);
        LowRank earlier = modules.get(module);
        if (!found.changed) {
            unchanged++;
        } else if (found.bias.isPresent() && earlier != null) {
            modules.put(
                    module,
                    new LowRank(
                            module,
                            earlier.kind(),
                            earlier.a(),
                            earlier.b(),
                            earlier.aShape(),
                            found.bias));
        } else if (!options.wants(module)) {
            skipped.add(found.name);
        } else if (found.factors.isPresent()) {
            modules.put(module, found.factors.get().factors);
            reports.add(found.factors.get().report);
        } else {
            saved.add(module);
        }
    }

    private float[] change(TensorSource tensor) throws IOException {
        String name = tensor.info().name();
        float[] change = Values.of(java.util.Objects.requireNonNull(tuned.tensors().get(name)));
        float[] origin = Values.of(tensor);
        for (int i = 0; i < change.length; i++) {
            change[i] -= origin[i];
        }
        return change;
    }

    private static boolean factorable(TensorSource tensor) {
        Shape shape = tensor.info().shape();
        String name = tensor.info().name();
        return name.endsWith(WEIGHT)
                && (shape.rank() == 2 || shape.rank() == 4)
                && !LooseTensors.isEmbedding(name);
    }

    /** Factors that are worth it: smaller than the matrix, and as good as asked for. */
    private Optional<Factored> factor(String module, Shape shape, float[] change) {
        int rows = (int) shape.dim(0);
        int cols = change.length / rows;
        int worth = (int) ((long) rows * cols / ((long) rows + cols));
        int most = Math.min(options.rank().orElse(worth), Math.min(rows, cols));
        if (most < 1) {
            return Optional.empty();
        }
        FloatMatrix matrix = new FloatMatrix(rows, cols, change);
        Svd svd =
                options.energy().isPresent()
                        ? RandomSvd.ofEnergy(matrix, options.energy().get(), most, 0)
                        : RandomSvd.ofRank(matrix, most, 0);
        double squares = matrix.squares();
        double energy = svd.energy() / squares;
        if (options.rank().isEmpty()
                && options.energy().isPresent()
                && energy < options.energy().get() * (1 - 1e-9)) {
            return Optional.empty();
        }
        double[] roots = Arrays.stream(svd.s()).map(Math::sqrt).toArray();
        Matrix left = svd.u().scaledColumns(roots);
        Matrix right = svd.v().scaledColumns(roots).transpose();
        boolean flipped = options.transposed() && shape.rank() == 2;
        Matrix a = flipped ? left.transpose() : right;
        Matrix b = flipped ? right.transpose() : left;
        long[] dims = shape.dims();
        dims[0] = a.rows();
        dims[1] = shape.rank() == 2 ? a.cols() : dims[1];
        LoraModule.Kind kind = flipped ? LoraModule.Kind.TRANSPOSED : LoraModule.Kind.LINEAR;
        return Optional.of(
                new Factored(
                        new LowRank(module, kind, a, b, Shape.of(dims), Optional.empty()),
                        new Extracted.Report(
                                module,
                                rows,
                                cols,
                                a.rows(),
                                Math.min(1, energy),
                                Math.sqrt(squares))));
    }

    /** A module that is not factored is saved with all its tensors, as loaders expect. */
    private void saveModules() throws IOException {
        for (TensorSource tensor : tuned.tensors().values()) {
            String name = tensor.info().name();
            if (!saved.contains(module(name)) || !tensor.info().dtype().arithmetic()) {
                continue;
            }
            if (options.skipRest()) {
                skipped.add(name);
            } else {
                if (modules.remove(module(name)) != null) {
                    reports.removeIf(report -> report.module().equals(module(name)));
                }
                whole.put(name, new NewAdapter.Whole(tensor.info().shape(), Values.of(tensor)));
            }
        }
    }
}
