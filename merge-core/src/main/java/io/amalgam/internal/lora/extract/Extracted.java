package io.amalgam.internal.lora.extract;

import io.amalgam.internal.lora.NewAdapter;
import java.util.List;

/**
 * An adapter taken out of a fine-tuned model.
 *
 * @param modules what was factored
 * @param whole tensors that are saved whole
 * @param skipped tensors that changed and are left out
 * @param unchanged tensors that are the base's
 */
public record Extracted(
        NewAdapter adapter,
        List<Report> modules,
        List<String> whole,
        List<String> skipped,
        int unchanged) {
    public Extracted {
        modules = List.copyOf(modules);
        whole = List.copyOf(whole);
        skipped = List.copyOf(skipped);
    }

    /**
     * What became of one module.
     *
     * @param energy the share of the change's squared norm that the factors hold
     * @param norm of the change
     */
    public record Report(
            String module, long rows, long cols, int rank, double energy, double norm) {}
}
