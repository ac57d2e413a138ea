package io.amalgam.internal.lora;

import io.amalgam.internal.linalg.Matrix;

/**
 * The change of a parameter that PEFT adapts by its name ({@code target_parameters}): of one
 * matrix, or of a matrix for each expert.
 *
 * @param module that has the parameter
 * @param parameter its name in there
 * @param rank of one expert
 * @param a {@code (experts * rank) x in}, an expert's rows together
 * @param b {@code out x (rank * experts)}, the experts' columns of one rank together
 */
public record ParameterFactors(String module, String parameter, int rank, Matrix a, Matrix b) {
    /** The parameter's whole name. */
    public String name() {
        return module + "." + parameter;
    }
}
