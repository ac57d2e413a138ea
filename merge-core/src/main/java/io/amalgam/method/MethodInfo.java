package io.amalgam.method;

import java.util.List;
import java.util.Optional;

/**
 * The description of a merge method.
 *
 * @param name as written in recipes
 * @param summary one line
 * @param formula per element or tensor, in plain text
 * @param base the role of a base model
 * @param minModels minimum number of inputs, without the base if it has a role
 * @param maxModels maximum number of inputs, likewise; {@link Integer#MAX_VALUE} for no limit
 * @param paper title and link of its source, or the tool that defined it
 * @param cost passes over the inputs, and memory in addition to the blocks
 */
public record MethodInfo(
        String name,
        String summary,
        String formula,
        Base base,
        int minModels,
        int maxModels,
        List<ParameterSpec> parameters,
        Paper paper,
        String cost) {
    public MethodInfo {
        parameters = List.copyOf(parameters);
    }

    /** The role of a base model. */
    public enum Base {
        /** There must be one. */
        REQUIRED,
        /** Changes the mathematics where given. */
        OPTIONAL,
        /** Counts as one more model. */
        ORDINARY
    }

    /** Where a method comes from. */
    public record Paper(String title, String link) {}

    /** The number of models in words: {@code exactly 1}, {@code at least 2}, {@code 2 to 4}. */
    public String modelCount() {
        if (minModels == maxModels) {
            return "exactly " + minModels;
        }
        return maxModels == Integer.MAX_VALUE
                ? "at least " + minModels
                : minModels + " to " + maxModels;
    }

    /** Names of all parameters, in order. */
    public List<String> parameterNames() {
        return parameters.stream().map(ParameterSpec::name).toList();
    }

    /** A parameter by name. */
    public Optional<ParameterSpec> parameter(String wanted) {
        return parameters.stream().filter(spec -> spec.name().equals(wanted)).findFirst();
    }

    /** The parameters of one scope, in order. */
    public List<ParameterSpec> parameters(ParameterSpec.Scope scope) {
        return parameters.stream().filter(spec -> spec.scope() == scope).toList();
    }
}
