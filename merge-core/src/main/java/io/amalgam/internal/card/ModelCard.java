package io.amalgam.internal.card;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.MergeReport;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The card of a merged model: what the hub reads (models it is made of, library, tags, licence),
 * and for people method, models, recipe, how to repeat the merge, and checksums. Nothing in it
 * depends on the machine or the time: the same merge gives the same card.
 */
public final class ModelCard {
    /** Its name in the output directory. */
    public static final String FILE = FrontMatter.README;

    /** Models in the title. */
    private static final int NAMED = 3;

    private static final Pattern KEY_OF_MERGES = Pattern.compile("\\bmerge_method['\"]?\\s*:");
    private static final Pattern KEY_OF_MIXTURES = Pattern.compile("\\bexperts['\"]?\\s*:");

    private static final String RECIPE = "amalgam-recipe.yml";

    private final MergePlan plan;
    private final List<MergeReport.WrittenFile> files;
    private final Map<ModelRef, List<HubId>> ids = new LinkedHashMap<>();

    private ModelCard(MergePlan plan, List<MergeReport.WrittenFile> files) {
        this.plan = plan;
        this.files = files;
        plan.models().forEach((ref, model) -> ids.put(ref, HubId.of(ref, model)));
    }

    /**
     * @param files the weights as they were written
     */
    public static String of(MergePlan plan, List<MergeReport.WrittenFile> files)
            throws IOException {
        ModelCard card = new ModelCard(plan, files);
        return card.front() + card.text();
    }

    private String front() throws IOException {
        StringBuilder front = new StringBuilder("---\n");
        Set<String> bases = new LinkedHashSet<>();
        ids.values().forEach(all -> all.forEach(id -> bases.add(id.id())));
        if (!bases.isEmpty()) {
            front.append("base_model:\n");
            bases.forEach(id -> front.append("- ").append(id).append('\n'));
            relation().ifPresent(word -> front.append("base_model_relation: " + word + "\n"));
        }
        library().ifPresent(name -> front.append("library_name: ").append(name).append('\n'));
        front.append(copied().isEmpty() ? "tags:\n- merge\n- amalgam\n" : "tags:\n- amalgam\n");
        licence().forEach((key, value) -> front.append(key + ": " + value + "\n"));
        return front.append("---\n").toString();
    }

    /** What the model is to those that it is made of, in the hub's words. */
    private Optional<String> relation() {
        boolean quantised = plan.options().quantised().isPresent();
        return copied().isEmpty()
                ? Optional.of("merge")
                : quantised ? Optional.of("quantized") : Optional.empty();
    }

    /** The one model that is there again, in another format or another order: nothing is merged. */
    private Optional<ModelRef> copied() {
        Recipe recipe = plan.recipe();
        boolean one =
                recipe.method().equals("passthrough")
                        && recipe.slices().isEmpty()
                        && recipe.modules().isEmpty()
                        && plan.models().size() == 1;
        return one
                ? plan.models().keySet().stream().filter(r -> r.adapters().isEmpty()).findFirst()
                : Optional.empty();
    }

    private void copy(ModelRef ref, StringBuilder text) {
        text.append("# Copy of ").append(title()).append("\n\nMade with Amalgam.\n");
        ref.alignment()
                .ifPresent(
                        to ->
                                text.append("Its units were put in the order of those of ")
                                        .append(Markdown.code(shortened(to.to())))
                                        .append(".\n"));
    }

    private Optional<String> library() {
        Checkpoint donor = plan.donor();
        if (!donor.folders().modules().isEmpty()) {
            return Optional.of("sentence-transformers");
        }
        return donor.config()
                .flatMap(
                        config ->
                                config.has("_class_name")
                                        ? Optional.of("diffusers")
                                        : config.has("model_type") || config.has("architectures")
                                                ? Optional.of("transformers")
                                                : Optional.empty());
    }

    /** The licence of all models, if all say the same. */
    private Map<String, String> licence() throws IOException {
        Set<Optional<Map<String, String>>> said = new LinkedHashSet<>();
        for (Checkpoint model : plan.models().values()) {
            for (Path place : model.places()) {
                said.add(FrontMatter.licence(place));
            }
        }
        return said.size() == 1 ? said.iterator().next().orElse(Map.of()) : Map.of();
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        if (copied().isPresent()) {
            copy(copied().get(), text);
        } else {
            text.append("# Merge of ").append(title()).append("\n\n");
            text.append("Made with Amalgam.\n\n## Method\n\n");
            methods(text);
        }
        text.append("\n## Models\n\n");
        ids.forEach((ref, found) -> text.append("- ").append(model(ref, found)).append('\n'));
        recipe(text);
        checksums(text);
        return text.toString();
    }

    private void recipe(StringBuilder text) {
        String recipe = plan.recipe().text();
        if (recipe.isBlank()) {
            return;
        }
        text.append("\n## Recipe\n\n").append(Markdown.block("yaml", recipe));
        Optional<String> command =
                KEY_OF_MERGES.matcher(recipe).find()
                        ? Optional.of("merge")
                        : KEY_OF_MIXTURES.matcher(recipe).find()
                                ? Optional.of("moe")
                                : Optional.empty();
        if (command.isPresent()) {
            text.append("\nTo repeat the merge, save the recipe as `" + RECIPE + "` and run:\n\n");
            text.append(
                    Markdown.block("sh", "amalgam " + command.get() + " " + RECIPE + " merged/"));
            if (!options().isEmpty()) {
                text.append("\nThe merge had these options: ")
                        .append(String.join(", ", options()))
                        .append(".\n");
            }
            text.append(
                    "\nThe same models give the same bytes on any machine."
                            + "\nPaths in the recipe are relative to the working directory, then to the recipe's folder.\n");
        }
    }

    private String title() {
        List<String> names = new ArrayList<>();
        ids.forEach(
                (ref, found) ->
                        names.add(
                                found.isEmpty()
                                        ? Markdown.code(shortened(ref))
                                        : found.get(0).id()));
        int last = names.size() - 1;
        if (last == 0) {
            return names.get(0);
        }
        return last < NAMED
                ? String.join(", ", names.subList(0, last)) + " and " + names.get(last)
                : String.join(", ", names.subList(0, NAMED - 1))
                        + " and "
                        + (names.size() - NAMED + 1)
                        + " others";
    }

    /** What the bytes depend on beside the recipe, as far as it is not as usual. */
    private List<String> options() {
        PlanOptions options = plan.options();
        List<String> words = new ArrayList<>();
        if (options.seed() != 0) {
            words.add("random seed " + options.seed());
        }
        if (options.maxShardBytes() != PlanOptions.DEFAULT_SHARD_BYTES) {
            words.add(
                    options.maxShardBytes() == 0
                            ? "a single file"
                            : "files of " + options.maxShardBytes() + " bytes");
        }
        switch (options.tensors()) {
            case SAME -> {}
            case UNION -> words.add("the union of tensors");
            case INTERSECTION -> words.add("the intersection of tensors");
        }
        if (!options.copyTokenizer()) {
            words.add("no copy of the tokenizer");
        }
        if (options.truncateEmbeddings()) {
            words.add("truncated embeddings");
        }
        options.quantised().ifPresent(type -> words.add("quantised to " + type.name()));
        return words;
    }

    private void methods(StringBuilder text) {
        Map<String, MethodInfo> used = new LinkedHashMap<>();
        for (TensorTask task : plan.tasks()) {
            task.method().map(MergeMethod::info).ifPresent(info -> used.put(info.name(), info));
        }
        if (used.isEmpty()) {
            text.append("Tensors were copied unchanged (")
                    .append(Markdown.code(plan.recipe().method()))
                    .append(").\n");
        }
        for (MethodInfo info : used.values()) {
            text.append(Markdown.code(info.name())).append(": ").append(info.summary());
            text.append(info.summary().endsWith(".") ? "" : ".").append('\n');
            String link = info.paper().link();
            text.append(
                    link.startsWith("https://")
                            ? "[" + info.paper().title() + "](" + link + ").\n"
                            : info.paper().title() + ".\n");
        }
        plan.recipe()
                .baseModel()
                .ifPresent(
                        base ->
                                text.append("The base model is ")
                                        .append(
                                                model(
                                                        base,
                                                        Objects.requireNonNull(
                                                                ids.getOrDefault(base, List.of()))))
                                        .append(".\n"));
    }

    /** By its names on the hub; a path without its folders. */
    private static String model(ModelRef ref, List<HubId> found) {
        if (found.isEmpty()) {
            return Markdown.code(shortened(ref));
        }
        List<String> names = new ArrayList<>();
        for (HubId id : found) {
            names.add(
                    "["
                            + id.id()
                            + "](https://huggingface.co/"
                            + id.id()
                            + ")"
                            + id.revision()
                                    .map(revision -> " at " + Markdown.code(revision))
                                    .orElse(""));
        }
        return String.join(" with ", names);
    }

    private static String shortened(ModelRef ref) {
        List<String> parts = new ArrayList<>(List.of(last(ref.path())));
        for (ModelRef.AdapterRef adapter : ref.adapters()) {
            parts.add(last(adapter.path()));
        }
        return String.join(" + ", parts);
    }

    private static String last(String path) {
        String plain = path.replace(File.separatorChar, '/').replaceAll("/+$", "");
        return plain.substring(plain.lastIndexOf('/') + 1);
    }

    private void checksums(StringBuilder text) {
        if (files.isEmpty()) {
            return;
        }
        text.append("\n## Checksums\n\n| file | bytes | CRC-32C |\n|---|---|---|\n");
        for (MergeReport.WrittenFile file : files) {
            text.append("| ")
                    .append(Markdown.code(file.name()))
                    .append(" | ")
                    .append(file.bytes())
                    .append(" | ")
                    .append(file.crc32c().map(Markdown::code).orElse("copied, not summed"))
                    .append(" |\n");
        }
    }
}
