package io.amalgam.internal.lora.combine;

import io.amalgam.error.Problem;
import io.amalgam.internal.lora.NewAdapter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Adapters made one.
 *
 * @param kept tensors that an adapter holds whole, with its name
 * @param renamed by adapters, names that are written as the first adapter has them
 * @param warnings what the method does that its name does not say
 */
public record CombineResult(
        NewAdapter adapter,
        List<Report> modules,
        Map<String, String> kept,
        Map<String, Map<String, String>> renamed,
        List<Problem> warnings) {
    public CombineResult {
        modules = List.copyOf(modules);
        kept = Collections.unmodifiableMap(new LinkedHashMap<>(kept));
        renamed = Collections.unmodifiableMap(new LinkedHashMap<>(renamed));
        warnings = List.copyOf(warnings);
    }

    /**
     * What became of one module.
     *
     * @param discarded the share of the squared singular values that the cut to this rank leaves
     *     out; 0 for methods without a cut
     * @param crossTerms for methods that add factors: how far the result is from the weighted sum
     *     of the changes, by that sum's norm
     * @param norm the Frobenius norm of the new change
     */
    public record Report(
            String module,
            long out,
            long in,
            int rank,
            double discarded,
            Optional<Double> crossTerms,
            double norm) {}

    /** The largest share that a module lost. */
    public double mostDiscarded() {
        return modules.stream().mapToDouble(Report::discarded).max().orElse(0);
    }
}
