package io.amalgam.internal.lora.extract;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.engine.OrderedParallel;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.lora.Architecture;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.ModuleNames;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.ParameterFactors;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Takes what fine-tuning changed out of a model, as an adapter: for each matrix the best change of
 * its rank, {@code B = U sqrt(S)} and {@code A = sqrt(S) V^T}, by a randomised SVD with a fixed
 * seed. What has no factors (embeddings, norms) or would not gain by them is saved whole, a module
 * at a time. Holds for each thread one matrix of both models, and the new adapter.
 */
public final class Extraction {
    private static final String BIAS = ".bias";

    private final Twins models;
    private final ModuleNames names;
    private final ExtractOptions options;
    private final Map<String, Parameters.Parameter> parameters;
    private final ModuleTree tree;
    private final Optional<Architecture> architecture;
    private final Optional<String> task;
    private final Adaptable adaptable;
    private final ExpertExtraction experts;
    private final SavedTensors whole;
    private final Map<String, LowRankDelta> modules = new LinkedHashMap<>();
    private final List<ParameterFactors> factors = new ArrayList<>();
    private final Map<String, float[]> biases = new LinkedHashMap<>();
    private final List<Extracted.Report> reports = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<String> left = new ArrayList<>();
    private int unchanged;

    private Extraction(Checkpoint tuned, Checkpoint base, String baseName, ExtractOptions options)
            throws IOException {
        this.models = Twins.of(base, tuned);
        this.options = options;
        this.names = new ModuleNames(base.config());
        Parameters all = new Parameters(models.base(), names);
        this.parameters = all.byName();
        this.tree = new ModuleTree(parameters.keySet());
        this.architecture = Architecture.of(base.config());
        this.task = architecture.flatMap(a -> a.task(tree.paths()));
        this.adaptable =
                new Adaptable(
                        tree,
                        all.shapes(),
                        base.config(),
                        baseName,
                        options.transposed(),
                        Architecture.heads(task));
        this.experts =
                new ExpertExtraction(models.tuned(), options, adaptable.expertsAreTransposed());
        this.whole = new SavedTensors(parameters, tree, architecture, models);
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
        return new Extraction(tuned, base, baseName, options).extract(baseName, type, threads);
    }

    private Extracted extract(String baseName, Optional<DType> type, int threads)
            throws IOException {
        List<Parameters.Parameter> all = new ArrayList<>(parameters.values());
        // A bias goes with the factors of its weight, which may lie behind it.
        all.sort(Comparator.comparing(p -> p.name().endsWith(BIAS)));
        for (Parameters.Parameter parameter : List.copyOf(all)) {
            if (!parameter.stored().info().dtype().arithmetic()) {
                all.remove(parameter);
                unchanged++;
            }
        }
        Set<String> copies = copiesOfTheEmbedding();
        all.removeIf(parameter -> copies.contains(parameter.name()));
        whole.copies(copies);
        DType common =
                all.stream()
                        .flatMap(p -> p.tensors().stream().flatMap(List::stream))
                        .map(tensor -> tensor.info().dtype())
                        .reduce(DType::promote)
                        .orElse(DType.BF16);
        OrderedParallel.run(all, threads, this::look, this::take);
        if (modules.isEmpty() && factors.isEmpty()) {
            throw new BadInputException(
                    Problem.of("no matrix that could be factored differs between the models")
                            .hint(
                                    "check which models are compared, and ExtractOptions.include and exclude"));
        }
        // Files may be sorted by name; experts' modules have the way in before the way out.
        factors.sort(Comparator.comparing(f -> f.parameter().startsWith("down")));
        ObjectNode settings = settings();
        biases(settings);
        saveRest();
        if (whole.tied()) {
            settings.put("ensure_weight_tying", true);
        }
        boolean halves = common == DType.BF16 || common == DType.F16;
        NewAdapter adapter =
                new NewAdapter(
                        List.copyOf(modules.values()),
                        factors,
                        whole.tensors(),
                        whole.saved(),
                        type.orElse(halves ? common : DType.F32),
                        baseName,
                        Optional.of(settings));
        return new Extracted(
                adapter, reports, List.copyOf(whole.tensors().keySet()), skipped, unchanged);
    }

    private Set<String> copiesOfTheEmbedding() throws IOException {
        Set<String> copies = new LinkedHashSet<>();
        if (architecture.map(Architecture::ties).orElse(false)) {
            for (String name : parameters.keySet()) {
                if (NonLayerTensors.isHead(name)) {
                    String stored = name(name);
                    if (Twins.isCopy(models.base(), stored)
                            && Twins.isCopy(models.tuned(), stored)) {
                        copies.add(name);
                    }
                }
            }
        }
        return copies;
    }

    private String name(String parameter) {
        return Objects.requireNonNull(parameters.get(parameter)).stored().info().name();
    }

    /** What PEFT's settings say of the model; without a task, the class it loads by. */
    private ObjectNode settings() {
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        if (task.isPresent()) {
            settings.put("task_type", task.get());
        } else if (architecture.filter(a -> !a.custom()).isPresent()) {
            settings.putObject("auto_mapping")
                    .put("base_model_class", architecture.get().name())
                    .put("parent_library", "transformers");
        }
        return settings;
    }

    static void checkFinite(String tensor, float change, long element) {
        if (!Float.isFinite(change)) {
            throw new BadInputException(
                    Problem.expected(
                            "change of tensor '" + tensor + "'",
                            "finite numbers",
                            change + " at element " + element));
        }
    }

    /**
     * What was found out about a parameter.
     *
     * @param changed tensors of it that changed
     * @param skipped those of them that are not wanted
     * @param bias its change, if it is a bias and changed
     */
    private record Found(
            Parameters.Parameter parameter,
            List<String> changed,
            List<String> skipped,
            Optional<float[]> bias,
            Optional<LowRankDelta> module,
            Optional<ParameterFactors> factors,
            Optional<Extracted.Report> report) {}

    /** Works on one parameter; many threads at a time do. */
    private Found look(Parameters.Parameter parameter) throws IOException {
        if (adaptable.isOfExperts(parameter.name())) {
            ExpertExtraction.Found found = experts.look(parameter);
            return new Found(
                    parameter,
                    found.changed(),
                    found.skipped(),
                    Optional.empty(),
                    Optional.empty(),
                    found.factors(),
                    found.report());
        }
        List<String> changed = new ArrayList<>();
        float[] change = new float[0];
        for (List<TensorSource> tensors : parameter.tensors()) {
            for (TensorSource tensor : tensors) {
                change = change(tensor);
                for (int i = 0; i < change.length; i++) {
                    checkFinite(tensor.info().name(), change[i], i);
                    if (change[i] != 0 && !changed.contains(tensor.info().name())) {
                        changed.add(tensor.info().name());
                    }
                }
            }
        }
        boolean wanted = changed.stream().anyMatch(t -> options.wants(ModuleTree.module(t)));
        boolean bias = !changed.isEmpty() && parameter.name().endsWith(BIAS);
        Adaptable.Way way = adaptable.way(parameter.name());
        Optional<BestFactors> best = Optional.empty();
        if (wanted && way != Adaptable.Way.WHOLE) {
            int rows = (int) parameter.shape().dim(0);
            FloatMatrix matrix = new FloatMatrix(rows, change.length / rows, change);
            int most = BestFactors.most(options, rows, matrix.cols());
            best = BestFactors.of(matrix, options, most);
        }
        boolean named = way == Adaptable.Way.PARAMETER;
        return new Found(
                parameter,
                changed,
                wanted ? List.of() : changed,
                bias ? Optional.of(change) : Optional.empty(),
                named ? Optional.empty() : best.map(f -> module(parameter, f, way)),
                named ? best.map(f -> matrix(parameter, f)) : Optional.empty(),
                best.map(f -> report(parameter, f)));
    }

    private static Extracted.Report report(Parameters.Parameter parameter, BestFactors best) {
        return new Extracted.Report(
                ModuleTree.module(parameter.name()),
                best.left().rows(),
                best.right().cols(),
                best.right().rows(),
                Math.min(1, best.energy()),
                Math.sqrt(best.squares()));
    }

    private static ParameterFactors matrix(Parameters.Parameter parameter, BestFactors best) {
        String name = parameter.name();
        return new ParameterFactors(
                ModuleTree.module(name),
                ModuleTree.leaf(name),
                best.right().rows(),
                best.right(),
                best.left());
    }

    private static LowRankDelta module(
            Parameters.Parameter parameter, BestFactors best, Adaptable.Way way) {
        boolean flipped = way == Adaptable.Way.TRANSPOSED;
        Matrix a = flipped ? best.left().transpose() : best.right();
        Matrix b = flipped ? best.right().transpose() : best.left();
        long[] dims = parameter.shape().dims();
        dims[0] = a.rows();
        dims[1] = dims.length == 2 ? a.cols() : dims[1];
        LoraModule.Kind kind = flipped ? LoraModule.Kind.TRANSPOSED : LoraModule.Kind.LINEAR;
        return new LowRankDelta(
                ModuleTree.module(parameter.name()), kind, a, b, Shape.of(dims), Optional.empty());
    }

    private void take(Found found) {
        String name = found.parameter.name();
        String module = ModuleTree.module(name);
        int tensors = found.parameter.tensors().stream().mapToInt(List::size).sum();
        unchanged += tensors - found.changed.size();
        found.report.ifPresent(reports::add);
        found.module.ifPresent(low -> modules.put(module, low));
        found.factors.ifPresent(factors::add);
        if (found.bias.isPresent() && isFactored(module)) {
            biases.put(module, found.bias.get());
            return;
        }
        skipped.addAll(found.skipped);
        boolean rest = found.module.isEmpty() && found.factors.isEmpty();
        if (rest && found.changed.size() > found.skipped.size()) {
            left.add(name);
        }
    }

    private boolean isFactored(String module) {
        return factored().contains(module);
    }

    private Set<String> factored() {
        Set<String> names = new LinkedHashSet<>(modules.keySet());
        factors.forEach(f -> names.add(f.module()));
        return names;
    }

    private float[] change(TensorSource tensor) throws IOException {
        String name = tensor.info().name();
        float[] change = TensorReads.of(Objects.requireNonNull(models.tuned().get(name)));
        float[] origin = TensorReads.of(tensor);
        for (int i = 0; i < change.length; i++) {
            change[i] -= origin[i];
        }
        return change;
    }

    /**
     * Biases of modules with factors: a change with the factors where every such module has a bias,
     * as PEFT makes one for each and merges none into a module without; else whole.
     */
    private void biases(ObjectNode settings) throws IOException {
        if (biases.isEmpty()) {
            return;
        }
        boolean all =
                factors.isEmpty() && modules.keySet().stream().allMatch(m -> tree.has(m + BIAS));
        if (!all) {
            settings.put("bias", "lora_only");
            for (String module : biases.keySet()) {
                whole.put(module + BIAS);
            }
            return;
        }
        modules.replaceAll(
                (name, low) -> {
                    float[] zeros = new float[low.b().rows()];
                    float[] change = biases.getOrDefault(name, zeros);
                    return new LowRankDelta(
                            name, low.kind(), low.a(), low.b(), low.aShape(), Optional.of(change));
                });
    }

    private void saveRest() throws IOException {
        List<String> heads = Architecture.heads(task);
        left.removeIf(name -> adaptable.isHead(ModuleTree.module(name)));
        if (options.skipRest()) {
            skipped.addAll(left);
            models.untied().ifPresent(head -> skipped.add(head.info().name()));
        } else {
            whole.add(left, factored());
            if (models.untied().isPresent()) {
                whole.addUntied(names.of(models.untied().get().info().name()));
            }
        }
        whole.addHead(heads, adaptable, options.skipRest() ? models.base() : models.tuned());
    }
}
