package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.StackedTensor;
import io.amalgam.internal.checkpoint.Zeros;
import io.amalgam.internal.layers.LayerName;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.plan.TaskPlan;
import io.amalgam.internal.recipe.MoeRecipe;
import io.amalgam.internal.recipe.MoeRecipe.Expert;
import io.amalgam.internal.recipe.MoeRecipe.GateMode;
import io.amalgam.internal.structure.moe.MoeFamily.Projection;
import io.amalgam.kernel.CounterRandom;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tensors of a mixture, in the order of the base model's, and what each is read from. */
final class ExpertTasks {
    private static final int EXAMPLES = 3;
    private static final String LAYERS = "model.layers.";

    private final MoeRecipe recipe;
    private final MoeFamily family;
    private final boolean fused;
    private final Map<ModelRef, Checkpoint> models;
    private final Checkpoint base;
    private final long seed;
    private final LayerStacks stacks;
    private final List<TensorTask> tasks = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Set<ModelRef> misfits = new HashSet<>();
    private @Nullable PromptGates gates;

    ExpertTasks(
            MoeRecipe recipe,
            MoeFamily family,
            boolean fused,
            Map<ModelRef, Checkpoint> models,
            long seed) {
        this.recipe = recipe;
        this.family = family;
        this.fused = fused;
        this.models = models;
        this.base = Objects.requireNonNull(models.get(recipe.base()));
        this.seed = seed;
        this.stacks = LayerStacks.of(base.tensors().keySet());
        boolean embedding = base.tensors().containsKey("model.embed_tokens.weight");
        if (stacks.all().size() != 1
                || !stacks.all().get(0).prefix().equals(LAYERS)
                || !embedding) {
            throw new BadInputException(
                    Problem.expected(
                                    "tensor names of model '" + recipe.base() + "'",
                                    "'model.embed_tokens.weight' and layers '" + LAYERS + "N'",
                                    stacks.all().isEmpty()
                                            ? "no layers"
                                            : "layers '" + stacks.all().get(0).prefix() + "N'")
                            .at(recipe.base().location())
                            .hint("save it as a causal language model"));
        }
    }

    int layers() {
        return stacks.all().get(0).count();
    }

    /** Whether the base has no output head of its own. */
    boolean headless() {
        return base.tensors().keySet().stream().noneMatch(NonLayerTensors::isHead);
    }

    void gatesFrom(PromptGates made) {
        gates = made;
    }

    /**
     * @throws BadInputException if a tensor has no place, or an expert does not fit
     */
    List<TensorTask> build() {
        Map<String, String> homeless = new LinkedHashMap<>();
        for (Map.Entry<String, ? extends TensorSource> tensor : base.tensors().entrySet()) {
            Optional<LayerName> layer = stacks.find(tensor.getKey());
            if (layer.isEmpty()) {
                copy(tensor.getKey(), tensor.getValue());
            } else if (!family.hasPlace(layer.get().suffix())) {
                homeless.put(tensor.getKey(), layer.get().suffix());
            } else {
                inLayer(tensor.getKey(), tensor.getValue(), layer.get());
            }
        }
        if (!homeless.isEmpty()) {
            problems.add(0, homeless(homeless));
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        return tasks;
    }

    /**
     * Most often the same tensors of every layer: said once, with the first of each kind.
     *
     * @param names with what they are called in their layer
     */
    private Problem homeless(Map<String, String> names) {
        int count = names.size();
        Set<String> kinds = new HashSet<>();
        List<String> examples =
                names.keySet().stream()
                        .filter(name -> kinds.add(names.getOrDefault(name, "")))
                        .limit(EXAMPLES)
                        .toList();
        String list = "'" + String.join("', '", examples) + "'";
        String of = " of '" + recipe.base() + "' ";
        String place = " no place in a " + family.title() + " model";
        String what =
                count == 1
                        ? "tensor " + list + of + "has" + place
                        : count + " tensors" + of + "have" + place + ": " + list;
        return Problem.of(what + (count > examples.size() ? ", ..." : ""))
                .at(recipe.base().location())
                .hint("give a model of an architecture that has no such tensors");
    }

    private void inLayer(String name, TensorSource tensor, LayerName layer) {
        boolean dense = !family.hasExperts(layer.index(), recipe.every());
        if (dense || !layer.suffix().startsWith("mlp.")) {
            copy(name, tensor);
            missingBias(layer, tensor);
        } else if (layer.suffix().equals(Projection.GATE.dense())) {
            // Once for each layer: the other matrices of the part come with it.
            experts(layer.index());
        }
    }

    private void copy(String name, TensorSource tensor) {
        DType type =
                tensor.info().dtype().arithmetic()
                        ? recipe.dtype().orElse(tensor.info().dtype())
                        : tensor.info().dtype();
        TensorInfo output = new TensorInfo(name, type, tensor.info().shape());
        tasks.add(TaskPlan.copy(output, tensor, recipe.base().toString(), seed));
    }

    private void missingBias(LayerName layer, TensorSource weight) {
        String name = layer.stack().name(layer.index(), layer.suffix());
        String bias = name.replaceFirst("weight$", "bias");
        boolean wanted =
                family == MoeFamily.QWEN2
                        && MoeFamily.QWEN2_BIASES.contains(
                                layer.suffix().replaceFirst("weight$", ""));
        if (wanted && !base.tensors().containsKey(bias)) {
            Shape shape = Shape.of(weight.info().shape().dim(0));
            write(bias, shape, new Zeros(new TensorInfo(bias, weight.info().dtype(), shape)));
        }
    }

    /** Writes what a source gives under a name. */
    private void write(String name, Shape shape, TensorSource source) {
        DType type = recipe.dtype().orElse(source.info().dtype());
        tasks.add(
                TaskPlan.copy(new TensorInfo(name, type, shape), source, source.identity(), seed));
    }

    private void experts(int layer) {
        String prefix = LAYERS + layer + ".";
        List<Map<Projection, TensorSource>> matrices = new ArrayList<>();
        for (int e = 0; e < recipe.experts().size(); e++) {
            matrices.add(expert(recipe.experts().get(e), prefix, "expert " + e));
        }
        if (!problems.isEmpty()) {
            return;
        }
        if (fused) {
            fuse(prefix, matrices);
        } else {
            for (int e = 0; e < matrices.size(); e++) {
                for (Projection projection : Projection.values()) {
                    TensorSource matrix = matrix(matrices.get(e), projection);
                    write(prefix + family.expert(e, projection), matrix.info().shape(), matrix);
                }
            }
        }
        for (int s = 0; s < recipe.shared().size(); s++) {
            shared(recipe.shared().get(s), prefix, s);
        }
        router(prefix + family.router(fused), layer, 0, recipe.experts().size());
        if (family == MoeFamily.QWEN2) {
            router(prefix + "mlp.shared_expert_gate.weight", layer, recipe.experts().size(), 1);
        }
    }

    private void shared(Expert expert, String prefix, int number) {
        Map<Projection, TensorSource> matrices = expert(expert, prefix, "shared expert " + number);
        for (Map.Entry<Projection, TensorSource> each : matrices.entrySet()) {
            Projection projection = each.getKey();
            TensorSource matrix = each.getValue();
            TensorSource written =
                    recipe.upcycled() && projection == Projection.DOWN
                            ? new Zeros(matrix.info())
                            : matrix;
            write(prefix + family.sharedExpert(projection), matrix.info().shape(), written);
        }
    }

    /** An expert's three matrices; none, and a problem, if it does not fit the base. */
    private Map<Projection, TensorSource> expert(Expert expert, String prefix, String role) {
        Map<Projection, TensorSource> matrices = new EnumMap<>(Projection.class);
        Checkpoint model = Objects.requireNonNull(models.get(expert.model()));
        for (Projection projection : Projection.values()) {
            String name = prefix + projection.dense();
            TensorSource matrix = model.tensors().get(name);
            TensorSource own = base.tensors().get(name);
            if (matrix == null
                    || own == null
                    || !own.info().shape().equals(matrix.info().shape())) {
                if (misfits.add(expert.model())) {
                    problems.add(misfit(expert, name, own, matrix));
                }
                return Map.of();
            }
            if (!matrix.info().dtype().arithmetic()) {
                problems.add(
                        Problem.expected(
                                        "type of tensor '" + name + "' in '" + expert.model() + "'",
                                        "floating point",
                                        matrix.info().dtype())
                                .at(expert.location())
                                .hint("a quantised model must be dequantised first"));
                return Map.of();
            }
            double noise = expert.noiseScale().orElse(0);
            double factor = projection == Projection.DOWN ? expert.residualScale().orElse(1) : 1;
            boolean adjusted = noise != 0 || factor != 1;
            long key = CounterRandom.key(seed, name + " " + role, 0);
            matrices.put(
                    projection,
                    adjusted
                            ? new GeneratedTensor.Adjusted(
                                    matrix, (float) noise, (float) factor, key)
                            : matrix);
        }
        return matrices;
    }

    private static TensorSource matrix(
            Map<Projection, TensorSource> expert, Projection projection) {
        return Objects.requireNonNull(expert.get(projection));
    }

    private Problem misfit(
            Expert expert, String name, @Nullable TensorSource own, @Nullable TensorSource matrix) {
        if (matrix == null || own == null) {
            ModelRef without = own == null ? recipe.base() : expert.model();
            return Problem.of("model '" + without + "' has no tensor '" + name + "'")
                    .at(own == null ? recipe.base().location() : expert.location())
                    .hint("experts are models of the base's depth and architecture");
        }
        return Problem.expected(
                        "shape of tensor '" + name + "' in '" + expert.model() + "'",
                        own.info().shape() + " as in '" + recipe.base() + "'",
                        matrix.info().shape())
                .at(expert.location())
                .hint("experts must be as wide as the base");
    }

    /** Gate rows above up rows for each expert, and the other matrix. */
    private void fuse(String prefix, List<Map<Projection, TensorSource>> matrices) {
        List<TensorSource> in = new ArrayList<>();
        List<TensorSource> out = new ArrayList<>();
        DType inType = matrix(matrices.get(0), Projection.GATE).info().dtype();
        DType outType = matrix(matrices.get(0), Projection.DOWN).info().dtype();
        for (Map<Projection, TensorSource> expert : matrices) {
            in.add(matrix(expert, Projection.GATE));
            in.add(matrix(expert, Projection.UP));
            out.add(matrix(expert, Projection.DOWN));
        }
        for (TensorSource part : in) {
            inType = DType.promote(inType, part.info().dtype());
        }
        for (TensorSource part : out) {
            outType = DType.promote(outType, part.info().dtype());
        }
        Shape one = in.get(0).info().shape();
        stacked(
                prefix + "mlp.experts.gate_up_proj",
                Shape.of(matrices.size(), 2 * one.dim(0), one.dim(1)),
                inType,
                in);
        stacked(
                prefix + "mlp.experts.down_proj",
                Shape.of(matrices.size(), one.dim(1), one.dim(0)),
                outType,
                out);
    }

    private void stacked(String name, Shape shape, DType type, List<TensorSource> parts) {
        write(name, shape, new StackedTensor(new TensorInfo(name, type, shape), parts));
    }

    private void router(String name, int layer, int first, int rows) {
        TensorSource norm = Objects.requireNonNull(base.tensors().get("model.embed_tokens.weight"));
        long width = norm.info().shape().dim(1);
        Shape shape = Shape.of(rows, width);
        TensorInfo info = new TensorInfo(name, DType.F32, shape);
        long key = CounterRandom.key(seed, name, 0);
        boolean uniform = recipe.gateMode() == GateMode.UNIFORM_RANDOM;
        double scale = uniform ? 1 / Math.sqrt(width) : recipe.routerScale();
        TensorSource source =
                gates == null
                        ? new GeneratedTensor.Random(info, uniform, scale, key)
                        : new GeneratedTensor.Gates(info, gates, layer, first);
        DType type = recipe.dtype().orElse(norm.info().dtype());
        tasks.add(
                TaskPlan.copy(new TensorInfo(name, type, shape), source, source.identity(), seed));
    }
}
