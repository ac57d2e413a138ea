package io.amalgam.recipe;

import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A merge recipe, not yet checked against any model. Immutable.
 *
 * @param file the user's name for it; empty for recipes built in code
 * @param text the recipe as written, stored with the merged model; empty for recipes built in code
 * @param method name of the merge method, not yet checked
 * @param models whole models to merge; empty if there are slices or modules
 * @param slices the output's layers from first to last; empty if there are models or modules
 * @param modules the output's parts, each with models or slices of its own; empty if there are
 *     models or slices
 * @param baseModel the base of task vectors, and the donor of the output's configuration
 * @param parameters with the lowest priority
 * @param dtype type of the result; empty for that of the inputs
 * @param outDtype stored type; empty for that of the result
 * @param quantised type of quantised weights; empty for dense weights
 * @param tokenizer tokens of the output; empty for those of the base or first model
 * @param chatTemplate of its tokenizer; empty to keep the existing one
 * @param warnings about entries without effect
 */
public record Recipe(
        String file,
        String text,
        String method,
        Location methodLocation,
        List<ModelEntry> models,
        List<OutputSlice> slices,
        List<ModuleSection> modules,
        Optional<ModelRef> baseModel,
        Parameters parameters,
        Optional<DType> dtype,
        Optional<DType> outDtype,
        Optional<QuantisedType> quantised,
        Optional<TokenizerSection> tokenizer,
        Optional<ChatTemplate> chatTemplate,
        Location location,
        List<Problem> warnings) {
    /**
     * @throws IllegalArgumentException unless there are either models, slices or modules
     */
    public Recipe {
        Objects.requireNonNull(file, "file");
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(methodLocation, "methodLocation");
        models = List.copyOf(models);
        slices = List.copyOf(slices);
        modules = List.copyOf(modules);
        Objects.requireNonNull(baseModel, "baseModel");
        Objects.requireNonNull(parameters, "parameters");
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(outDtype, "outDtype");
        Objects.requireNonNull(quantised, "quantised");
        Objects.requireNonNull(tokenizer, "tokenizer");
        Objects.requireNonNull(chatTemplate, "chatTemplate");
        Objects.requireNonNull(location, "location");
        warnings = List.copyOf(warnings);
        int subjects =
                (models.isEmpty() ? 0 : 1)
                        + (slices.isEmpty() ? 0 : 1)
                        + (modules.isEmpty() ? 0 : 1);
        if (subjects != 1) {
            throw new IllegalArgumentException("a recipe has either models, slices or modules");
        }
    }

    /** A merge of whole models, built in code. */
    public static Recipe ofModels(
            String method,
            List<ModelEntry> models,
            Optional<ModelRef> baseModel,
            Parameters parameters) {
        return of(method, models, List.of(), baseModel, parameters);
    }

    /** A merge of parts, built in code. */
    public static Recipe ofModules(
            String method,
            List<ModuleSection> modules,
            Optional<ModelRef> baseModel,
            Parameters parameters) {
        return of(method, List.of(), List.of(), modules, baseModel, parameters);
    }

    /**
     * A merge built in code.
     *
     * @throws IllegalArgumentException unless there are either models or slices
     */
    public static Recipe of(
            String method,
            List<ModelEntry> models,
            List<OutputSlice> slices,
            Optional<ModelRef> baseModel,
            Parameters parameters) {
        return of(method, models, slices, List.of(), baseModel, parameters);
    }

    private static Recipe of(
            String method,
            List<ModelEntry> models,
            List<OutputSlice> slices,
            List<ModuleSection> modules,
            Optional<ModelRef> baseModel,
            Parameters parameters) {
        return new Recipe(
                "",
                "",
                method,
                Location.NONE,
                models,
                slices,
                modules,
                baseModel,
                parameters,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Location.NONE,
                List.of());
    }

    /**
     * Every model reference, in the order of the recipe; the same model may come more than once.
     */
    public List<ModelRef> references() {
        List<ModelRef> references = new ArrayList<>();
        baseModel.ifPresent(references::add);
        for (ModuleSection section : sections()) {
            section.models().forEach(entry -> references.add(entry.model()));
            for (OutputSlice slice : section.slices()) {
                slice.baseModel().ifPresent(references::add);
                slice.sources().forEach(source -> references.add(source.model()));
            }
        }
        tokenizer.ifPresent(section -> references.addAll(section.references()));
        for (ModelRef reference : List.copyOf(references)) {
            reference.alignment().ifPresent(alignment -> references.add(alignment.to()));
        }
        return references;
    }

    /** The modules; if there are none, the models or slices as one section without a name. */
    public List<ModuleSection> sections() {
        return modules.isEmpty()
                ? List.of(new ModuleSection("", models, slices, Parameters.EMPTY, Location.NONE))
                : modules;
    }

    /**
     * Whether two recipes have the same meaning: equal models, parameters and types, whatever their
     * notation and location.
     */
    public boolean saysTheSameAs(Recipe other) {
        return PlainRecipe.of(this).equals(PlainRecipe.of(other));
    }

    /** The same recipe with other result and stored types. */
    public Recipe withTypes(Optional<DType> computed, Optional<DType> written) {
        return new Recipe(
                file,
                text,
                method,
                methodLocation,
                models,
                slices,
                modules,
                baseModel,
                parameters,
                computed,
                written,
                written.isPresent() ? Optional.empty() : quantised,
                tokenizer,
                chatTemplate,
                location,
                warnings);
    }

    /** The same recipe, its weights quantised. */
    public Recipe withQuantised(QuantisedType type) {
        return new Recipe(
                file,
                text,
                method,
                methodLocation,
                models,
                slices,
                modules,
                baseModel,
                parameters,
                dtype,
                Optional.empty(),
                Optional.of(type),
                tokenizer,
                chatTemplate,
                location,
                warnings);
    }

    /** The same recipe with another text to store with the model. */
    public Recipe withText(String written) {
        return new Recipe(
                file,
                written,
                method,
                methodLocation,
                models,
                slices,
                modules,
                baseModel,
                parameters,
                dtype,
                outDtype,
                quantised,
                tokenizer,
                chatTemplate,
                location,
                warnings);
    }

    /** The same recipe with other references to models. */
    public Recipe withModels(
            List<ModelEntry> otherModels,
            List<OutputSlice> otherSlices,
            List<ModuleSection> otherModules,
            Optional<ModelRef> otherBase,
            Optional<TokenizerSection> otherTokenizer) {
        return new Recipe(
                file,
                text,
                method,
                methodLocation,
                otherModels,
                otherSlices,
                otherModules,
                otherBase,
                parameters,
                dtype,
                outDtype,
                quantised,
                otherTokenizer,
                chatTemplate,
                location,
                warnings);
    }

    /**
     * The type of quantised weights.
     *
     * @param name not yet checked
     */
    public record QuantisedType(String name, Location location) {
        /** The name for "as in the models". */
        public static final String KEEP = "keep";

        /** Whether the output keeps the format of the models. */
        public boolean keeps() {
            return name.equals(KEEP);
        }
    }

    /** The chat template of a merged model's tokenizer. */
    public sealed interface ChatTemplate {
        /** Names of the built-in templates. */
        List<String> BUILT_IN = List.of("alpaca", "chatml", "exaone", "llama3", "mistral");

        /** Position in the recipe. */
        Location location();

        /** The template of most of the models. */
        record Auto(Location location) implements ChatTemplate {}

        /**
         * @param name one of {@link #BUILT_IN}
         */
        record BuiltIn(String name, Location location) implements ChatTemplate {}

        /**
         * @param text a Jinja template; not checked
         */
        record Literal(String text, Location location) implements ChatTemplate {}
    }
}
