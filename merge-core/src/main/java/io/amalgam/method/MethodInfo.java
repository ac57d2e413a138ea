package io.amalgam.method;

import java.util.List;
import java.util.Optional;

/**
 * What there is to know about a merge method without running it.
 *
 * @param name as written in recipes
 * @param summary one line
 * @param formula per element or tensor, in plain text
 * @param base what a base model means to it
 * @param minModels fewest inputs, the base not counted where it has a meaning
 * @param maxModels most inputs, likewise; {@link Integer#MAX_VALUE} for any number
 * @param paper title and link of its source, or of the tool that defined it
 * @param cost passes over the inputs and memory held beside the blocks
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

    /** What a base model means to a method. */
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

    /**
     * How many models it takes, in words: {@code exactly 1}, {@code at least 2}, {@code 2 to 4}.
     */
    public String modelCount() {
        if (minModels == maxModels) {
            return "exactly " + minModels;
        }
        return maxModels == Integer.MAX_VALUE
                ? "at least " + minModels
                : minModels + " to " + maxModels;
    }

    /** What recipes may write, in order. */
    public List<String> parameterNames() {
        return parameters.stream().map(ParameterSpec::name).toList();
    }

    public Optional<ParameterSpec> parameter(String wanted) {
        return parameters.stream().filter(spec -> spec.name().equals(wanted)).findFirst();
    }

    /** The parameters of one scope, in order. */
    public List<ParameterSpec> parameters(ParameterSpec.Scope scope) {
        return parameters.stream().filter(spec -> spec.scope() == scope).toList();
    }
}
