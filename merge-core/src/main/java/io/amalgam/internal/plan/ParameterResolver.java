package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Gives every parameter of a method its value for one tensor: the first level that has one wins,
 * from the model's entry over its slice, its module and the whole recipe to the method's default.
 */
final class ParameterResolver {
    private final MethodInfo method;
    private final Map<String, List<String>> modelKeys;
    private final Map<ModelRef, JsonNode> configs = new HashMap<>();
    private final List<String> names;
    private final Set<String> ofOthers;
    private final Recipe recipe;
    private final Problems problems;

    /**
     * @param ofOthers names of the parameters of other methods: no misspellings
     */
    ParameterResolver(MergeMethod merging, Set<String> ofOthers, Recipe recipe, Problems problems) {
        this.ofOthers = ofOthers;
        this.method = merging.info();
        this.modelKeys = merging.modelKeys();
        this.names = method.parameterNames();
        this.recipe = recipe;
        this.problems = problems;
    }

    /** Values of the shared parameters for an output tensor. */
    Map<String, Object> shared(OutputTensor slot) {
        Map<String, Object> values = new HashMap<>();
        for (ParameterSpec spec : method.parameters(ParameterSpec.Scope.SHARED)) {
            resolve(
                            spec,
                            List.of(slot.slice(), slot.module(), recipe.parameters()),
                            slot.name(),
                            slot.position(),
                            "")
                    .ifPresent(value -> values.put(spec.name(), value));
        }
        return values;
    }

    /**
     * Values of the per-model parameters for one model's tensor; filters see the model's own name
     * for it.
     */
    Map<String, Object> perModel(OutputTensor slot, OutputTensor.Part part, boolean isBase) {
        Map<String, Object> values = new HashMap<>();
        // A tied embedding stands for the head: filters go by what it is used as.
        String name =
                NonLayerTensors.isHead(slot.name())
                        ? slot.name()
                        : part.tensor().orElse(slot.name());
        List<Parameters> levels =
                List.of(part.parameters(), slot.slice(), slot.module(), recipe.parameters());
        for (ParameterSpec spec : method.parameters(ParameterSpec.Scope.PER_MODEL)) {
            if (isBase && !spec.forBase()) {
                continue;
            }
            if (!isWritten(spec, levels) && modelKeys.containsKey(spec.name())) {
                ofModel(spec, part.model()).ifPresent(value -> values.put(spec.name(), value));
                continue;
            }
            resolve(spec, levels, name, slot.position(), part.model().ref.toString())
                    .ifPresent(value -> values.put(spec.name(), value));
        }
        return values;
    }

    private static boolean isWritten(ParameterSpec spec, List<Parameters> levels) {
        return levels.stream().anyMatch(level -> level.get(spec.name()).isPresent());
    }

    /** What a model says itself: its config first, then the metadata of its weights. */
    private Optional<Object> ofModel(ParameterSpec spec, OpenModels.Model model) {
        List<String> keys = modelKeys.getOrDefault(spec.name(), List.of());
        JsonNode config =
                configs.computeIfAbsent(
                        model.ref,
                        ref ->
                                model.checkpoint
                                        .config()
                                        .map(c -> (JsonNode) c)
                                        .orElse(MissingNode.getInstance()));
        for (String key : keys) {
            String metadata = model.checkpoint.metadata().get(key);
            if (config.hasNonNull(key) || metadata != null) {
                Object value = config.hasNonNull(key) ? config.get(key).asText() : metadata;
                return coerce(spec, Objects.requireNonNull(value), model);
            }
        }
        if (spec.required()) {
            problems.addOnce(
                    spec.name() + "/" + model.ref,
                    Problem.of(name(spec, model.ref.toString()) + " has no value")
                            .at(recipe.methodLocation())
                            .hint(
                                    "add '%s' under the model's 'parameters', or to its config.json"
                                            .formatted(spec.name())));
        }
        return spec.defaultValue();
    }

    private Optional<Object> coerce(ParameterSpec spec, Object value, OpenModels.Model model) {
        try {
            return Optional.of(ParameterSpec.coerce(spec, value));
        } catch (BadInputException e) {
            for (Problem p : e.problems()) {
                problems.addOnce(
                        spec.name() + "@" + model.ref,
                        p.withWhat(p.what() + " of model '" + model.ref + "'")
                                .at("'" + model.checkpoint.path() + "'"));
            }
            return Optional.empty();
        }
    }

    private Optional<Object> resolve(
            ParameterSpec spec, List<Parameters> levels, String tensor, double t, String model) {
        for (Parameters level : levels) {
            Optional<ParameterValue> written = level.get(spec.name());
            Optional<Object> value = written.flatMap(w -> value(spec, w, tensor, t));
            if (value.isPresent()) {
                return coerce(spec, value.get(), written.get());
            }
        }
        if (spec.defaultValue().isPresent() || !spec.required()) {
            return spec.defaultValue();
        }
        require(spec, levels, model);
        filteredOut(spec, levels, tensor, model);
        return Optional.empty();
    }

    /** A list is a gradient over the layers, or the words of a parameter that takes several. */
    private static Optional<Object> value(
            ParameterSpec spec, ParameterValue written, String tensor, double t) {
        if (spec.kind() == ParameterSpec.Kind.WORDS && written instanceof Gradient list) {
            return Optional.of(
                    String.join(",", list.values().stream().map(Object::toString).toList()));
        }
        return written.evaluate(tensor, t);
    }

    /** Reports a required parameter that is written at none of the levels. */
    void require(ParameterSpec spec, List<Parameters> levels, String model) {
        if (isWritten(spec, levels)
                || modelKeys.containsKey(spec.name())
                || !spec.required()
                || spec.defaultValue().isPresent()) {
            return;
        }
        for (Parameters level : levels) {
            for (String name : level.names()) {
                if (misspelt(name).equals(Optional.of(spec.name()))) {
                    misspelling(name, level);
                    return;
                }
            }
        }
        Missing missing = missing(spec, levels);
        problems.addOnce(
                spec.name() + "/" + model,
                Problem.of(name(spec, model) + " has no value")
                        .at(missing.place())
                        .hint(missing.hint()));
    }

    private void filteredOut(
            ParameterSpec spec, List<Parameters> levels, String tensor, String model) {
        levels.stream()
                .filter(level -> level.get(spec.name()).isPresent())
                .findFirst()
                .ifPresent(
                        level ->
                                problems.add(
                                        spec.name() + "/" + model + "/filters",
                                        Problem.of(
                                                        name(spec, model)
                                                                + " has no value for tensor '"
                                                                + tensor
                                                                + "'")
                                                .at(level.location(spec.name()))
                                                .hint(
                                                        isEmptyList(level, spec)
                                                                ? "its list is empty: write a number in it"
                                                                : "its filters leave this tensor out: add '- value: ...' for all others")));
    }

    private static boolean isEmptyList(Parameters level, ParameterSpec spec) {
        return level.get(spec.name())
                .filter(value -> value instanceof Gradient list && list.values().isEmpty())
                .isPresent();
    }

    private static String name(ParameterSpec spec, String model) {
        return "parameter '"
                + spec.name()
                + "'"
                + (model.isEmpty() ? "" : " of model '" + model + "'");
    }

    private record Missing(Location place, String hint) {}

    /** Where a required value may have gone: to a misspelt name. */
    private Missing missing(ParameterSpec spec, List<Parameters> levels) {
        for (Parameters level : levels) {
            List<String> unknown =
                    level.names().stream().filter(name -> !names.contains(name)).toList();
            Optional<String> misspelt = Suggestions.nearest(spec.name(), unknown);
            if (misspelt.isPresent()) {
                return new Missing(
                        level.location(misspelt.get()),
                        "is '" + misspelt.get() + "' meant to be '" + spec.name() + "'?");
            }
        }
        boolean shared = spec.scope() == ParameterSpec.Scope.SHARED;
        return new Missing(
                recipe.methodLocation(),
                "'%s' needs it: add '%s' under %s 'parameters'"
                        .formatted(
                                method.name(),
                                spec.name(),
                                shared ? "the recipe's" : "the model's or the recipe's"));
    }

    /** Reports every value written for a parameter that it cannot have, whatever the tensor. */
    void checkValues(ParameterSpec spec, Parameters level) {
        level.get(spec.name()).ifPresent(value -> checkValue(spec, value));
    }

    private void checkValue(ParameterSpec spec, ParameterValue value) {
        if (value instanceof Filtered filtered) {
            filtered.entries().forEach(entry -> checkValue(spec, entry.value()));
        } else if (value instanceof Gradient gradient) {
            gradient.values().forEach(each -> coerce(spec, each, gradient));
        } else if (value instanceof Scalar scalar) {
            coerce(spec, scalar.value(), scalar);
        }
    }

    private Optional<Object> coerce(ParameterSpec spec, Object value, ParameterValue written) {
        try {
            return Optional.of(ParameterSpec.coerce(spec, value));
        } catch (BadInputException e) {
            e.problems()
                    .forEach(
                            p ->
                                    problems.addOnce(
                                            spec.name() + "@" + written.location(),
                                            p.at(written.location())));
            return Optional.empty();
        }
    }

    /** Names that are not parameters of the method, and parameters that nothing reads. */
    List<Problem> unknownNames() {
        List<Problem> unknown = new ArrayList<>(UnreadParameters.of(method, recipe));
        unknownNames(recipe.parameters(), unknown);
        for (ModuleSection section : recipe.sections()) {
            unknownNames(section.parameters(), unknown);
            section.models().forEach(entry -> unknownNames(entry.parameters(), unknown));
            for (OutputSlice slice : section.slices()) {
                unknownNames(slice.parameters(), unknown);
                slice.sources().forEach(s -> unknownNames(s.parameters(), unknown));
            }
        }
        for (ModuleSection section : recipe.sections()) {
            section.models().forEach(entry -> misplaced(entry.parameters(), unknown));
            section.models().stream()
                    .filter(entry -> isBase(entry.model(), recipe.baseModel()))
                    .forEach(entry -> ofBase(entry.model(), entry.parameters(), unknown));
            section.slices()
                    .forEach(
                            slice ->
                                    slice.sources()
                                            .forEach(s -> misplaced(s.parameters(), unknown)));
            for (OutputSlice slice : section.slices()) {
                Optional<ModelRef> base = slice.baseModel().or(recipe::baseModel);
                slice.sources().stream()
                        .filter(source -> isBase(source.model(), base))
                        .forEach(s -> ofBase(s.model(), s.parameters(), unknown));
            }
        }
        return unknown;
    }

    private void unknownNames(Parameters parameters, List<Problem> unknown) {
        for (String name : parameters.names()) {
            if (names.contains(name)) {
                continue;
            }
            if (misspelt(name).isPresent()) {
                misspelling(name, parameters);
            } else {
                unknown.add(notAParameter(name, parameters));
            }
        }
    }

    private void misspelling(String name, Parameters level) {
        Problem problem = notAParameter(name, level);
        problems.addOnce(problem.toString(), problem);
    }

    private Problem notAParameter(String name, Parameters level) {
        return Problem.of("'" + name + "' is not a parameter of '" + method.name() + "'")
                .at(level.location(name))
                .hint(
                        Suggestions.didYouMean(
                                name,
                                names,
                                names.isEmpty()
                                        ? "it has none"
                                        : "it has " + String.join(", ", names)));
    }

    /** The parameter that a name was meant to be: one so near that nothing else can be meant. */
    private Optional<String> misspelt(String name) {
        return names.contains(name) || ofOthers.contains(name)
                ? Optional.empty()
                : Suggestions.misspelling(name, names);
    }

    private boolean isBase(ModelRef model, Optional<ModelRef> base) {
        return method.base() != MethodInfo.Base.ORDINARY && base.filter(model::equals).isPresent();
    }

    /** What only the other models have. */
    private void ofBase(ModelRef base, Parameters parameters, List<Problem> unknown) {
        for (ParameterSpec spec : method.parameters(ParameterSpec.Scope.PER_MODEL)) {
            if (!spec.forBase() && parameters.get(spec.name()).isPresent()) {
                unknown.add(
                        Problem.of(
                                        "parameter '"
                                                + spec.name()
                                                + "' of the base '"
                                                + base
                                                + "' has no effect on '"
                                                + method.name()
                                                + "'")
                                .at(parameters.location(spec.name()))
                                .hint("leave it out: the other models have it"));
            }
        }
    }

    private void misplaced(Parameters parameters, List<Problem> unknown) {
        for (ParameterSpec spec : method.parameters(ParameterSpec.Scope.SHARED)) {
            if (parameters.get(spec.name()).isPresent()) {
                unknown.add(
                        Problem.of(
                                        "parameter '"
                                                + spec.name()
                                                + "' is shared by all models and is not read here")
                                .at(parameters.location(spec.name()))
                                .hint("move it to the recipe's or the slice's 'parameters'"));
            }
        }
    }
}
