package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.internal.engine.DenseShare;
import io.amalgam.internal.engine.MemoryNeeds;
import io.amalgam.internal.engine.PlanJson;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A plan for people and for programs. */
public final class PlanView {
    private final MergePlan plan;
    private final ResourceMixin resources;
    private final List<LayerStack> stacks;

    public PlanView(MergePlan plan, ResourceMixin resources) {
        this.plan = plan;
        this.resources = resources;
        this.stacks =
                LayerStacks.of(plan.tasks().stream().map(task -> task.output().name()).toList())
                        .all();
    }

    private List<String> lines() {
        Columns columns = new Columns();
        columns.row("method", plan.recipe().method());
        plan.models()
                .forEach(
                        (ref, checkpoint) ->
                                columns.row(
                                        isBase(ref) ? "base" : "model",
                                        ref
                                                + "  ("
                                                + Quantity.of(checkpoint.tensors().size(), "tensor")
                                                + ")"));
        plan.renamings()
                .forEach(
                        renaming ->
                                columns.row(
                                        "takes", renaming.model() + ": " + renaming.describe()));
        columns.row(
                "reads",
                Quantity.bytes(plan.inputBytes())
                        + " from "
                        + Quantity.of(plan.models().size(), "model"));
        columns.row(
                "writes",
                Quantity.bytes(plan.layout().bytes())
                        + " in "
                        + Quantity.of(plan.layout().files().size(), "file")
                        + ": "
                        + Quantity.of(plan.tasks().size(), "tensor")
                        + ", "
                        + Quantity.count(plan.parameters())
                        + " parameters, "
                        + String.join(" + ", dtypes().keySet()));
        DenseShare.of(plan).ifPresent(share -> columns.row("dense", dense(share)));
        columns.row("holds", holds());
        plan.preparations().forEach(each -> columns.row("first", preparation(each)));
        plan.wholeModel().ifPresent(whole -> columns.row("first", survey(whole)));
        if (measures()) {
            columns.row(
                    "first", "1 pass over the tensors to be quantised, for their largest numbers");
        }
        plan.vocabulary().ifPresent(tokens -> columns.row("tokens", tokens(tokens)));
        columns.row("layers", layers());
        columns.row("plan", plan.hash().substring(0, 12));
        return columns.lines();
    }

    private static String tokens(MergePlan.VocabularySummary tokens) {
        return tokens.tokens()
                + " in "
                + Quantity.of(tokens.rows(), "row")
                + ": those of "
                + tokens.start()
                + (tokens.removed() == 0 ? "" : " but " + tokens.removed())
                + (tokens.appended() == 0 ? "" : " and " + tokens.appended() + " more")
                + "; "
                + Quantity.of(tokens.tensors(), "tensor")
                + " read by token, holding "
                + Quantity.bytes(tokens.bytesHeld());
    }

    /** The plan, and each output tensor where asked for. */
    public List<String> lines(boolean tensors) {
        List<String> lines = new ArrayList<>(lines());
        if (tensors) {
            lines.add("");
            lines.addAll(new TensorRows(plan.tasks()).lines());
        }
        return lines;
    }

    private String holds() {
        MemoryNeeds needs = resources.needs(plan);
        int block = needs.blockElements(resources.memory.bytes());
        return block == 0
                ? "more than the " + Quantity.bytes(resources.memory.bytes()) + " of --memory"
                : Quantity.bytes(needs.most(resources.memory.bytes()))
                        + " in buffers: "
                        + Quantity.of(resources.threads, "thread")
                        + ", blocks of "
                        + block
                        + " elements"
                        + factors();
    }

    private static String dense(DenseShare share) {
        return Quantity.bytes(share.denseBytes())
                + String.format(Locale.ROOT, " (%.1f %%) in ", 100 * share.share())
                + Quantity.of(share.dense(), "tensor")
                + "; quantised "
                + Quantity.bytes(share.quantisedBytes())
                + " in "
                + Quantity.of(share.quantised(), "tensor");
    }

    private String factors() {
        long bytes = plan.sharedModelBytes();
        return bytes == 0 ? "" : ", " + Quantity.bytes(bytes) + " of them adapters' factors";
    }

    /** Work before the first tensor, and what it reads and holds. */
    private String preparation(Preparation each) {
        return each.title()
                + ", reading "
                + Quantity.bytes(each.inputBytes())
                + ", holding "
                + Quantity.bytes(each.bytesHeld(resources.threads) + each.resultBytes());
    }

    /** The passes over the whole model, and what they read and hold. */
    private String survey(PlannedModelPass whole) {
        long read = 0;
        for (int task : whole.tasks()) {
            read += plan.tasks().get(task).inputBytes();
        }
        boolean one = whole.passes() == 1;
        return (one ? "1 pass" : "up to " + whole.passes() + " passes")
                + " over the whole model, "
                + (one ? "reading " : "each reading ")
                + Quantity.bytes(read)
                + ", "
                + Quantity.bytes(whole.stateBytes())
                + " held by each thread; with --part, every part does the same unless --pass divides "
                + (one ? "it" : "them");
    }

    /** Whether scales depend on whole tensors, which are read for them first. */
    private boolean measures() {
        return plan.tasks().stream()
                .anyMatch(task -> task.quantiser().map(Quantiser::needsLargest).orElse(false));
    }

    private String layers() {
        return stacks.isEmpty()
                ? "none found"
                : stacks.stream()
                        .map(stack -> stack.count() + " in " + stack.prefix() + "*")
                        .collect(Collectors.joining(", "));
    }

    /** What a tensor is written as. */
    private static String type(TensorTask task) {
        return task.quantiser()
                .map(Quantiser::name)
                .orElseGet(() -> task.output().dtype().recipeName());
    }

    /** Tensors of each output type, by recipe name. */
    private Map<String, Long> dtypes() {
        return plan.tasks().stream()
                .collect(
                        Collectors.groupingBy(PlanView::type, TreeMap::new, Collectors.counting()));
    }

    private boolean isBase(ModelRef ref) {
        return plan.recipe().baseModel().filter(ref::equals).isPresent();
    }

    public ObjectNode json(boolean tensors) {
        ObjectNode root = Json.object();
        root.put("merge_method", plan.recipe().method());
        root.put("plan_hash", plan.hash());
        ArrayNode models = root.putArray("models");
        plan.models()
                .forEach(
                        (ref, checkpoint) ->
                                models.addObject()
                                        .put("model", ref.toString())
                                        .put("base", isBase(ref))
                                        .put("tensors", checkpoint.tensors().size()));
        PlanJson.renamed(root, plan);
        root.put("bytes_read", plan.inputBytes());
        root.put("bytes_written", plan.layout().bytes());
        DenseShare.of(plan).ifPresent(share -> share.put(root));
        MemoryNeeds needs = resources.needs(plan);
        root.put("bytes_held", needs.most(resources.memory.bytes()));
        ArrayNode preparations = root.putArray("preparations");
        for (Preparation each : plan.preparations()) {
            preparations
                    .addObject()
                    .put("title", each.title())
                    .put("input_bytes", each.inputBytes())
                    .put("bytes_held", each.bytesHeld(resources.threads) + each.resultBytes());
        }
        root.put("survey_passes", plan.wholeModel().map(PlannedModelPass::passes).orElse(0));
        root.put("threads", resources.threads);
        root.put("block_elements", needs.blockElements(resources.memory.bytes()));
        plan.vocabulary()
                .ifPresent(
                        tokens ->
                                root.putObject("vocabulary")
                                        .put("tokenizer_of", tokens.start().toString())
                                        .put("tokens", tokens.tokens())
                                        .put("rows", tokens.rows())
                                        .put("appended", tokens.appended())
                                        .put("removed", tokens.removed())
                                        .put("tensors_by_token", tokens.tensors())
                                        .put("bytes_held", tokens.bytesHeld()));
        root.put("tensors", plan.tasks().size());
        root.put("parameters", plan.parameters());
        ObjectNode types = root.putObject("dtypes");
        dtypes().forEach(types::put);
        ArrayNode layers = root.putArray("layers");
        stacks.forEach(s -> layers.addObject().put("prefix", s.prefix()).put("count", s.count()));
        ArrayNode files = root.putArray("files");
        plan.layout()
                .files()
                .forEach(
                        file ->
                                files.addObject()
                                        .put("name", file.name())
                                        .put("bytes", file.size()));
        if (tensors) {
            ArrayNode list = root.putArray("tensor_list");
            plan.tasks().forEach(task -> tensor(list.addObject(), task));
        }
        Json.problems(root.putArray("warnings"), plan.warnings());
        return root;
    }

    private static void tensor(ObjectNode node, TensorTask task) {
        Json.tensor(node, task.output());
        task.quantiser().ifPresent(by -> node.put("quantised", by.name()));
        node.put("method", task.action());
        node.put("position", task.position());
        PlanJson.values(node.putObject("parameters"), task.call().shared());
        PlanJson.inputs(node, task);
    }
}
