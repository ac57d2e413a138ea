package io.amalgam.checkpoint;

import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What is known of the code that comes with a model: Python files that its settings name. They are
 * among its side files, and never run.
 *
 * @param tokenizer those that are its tokenizer's, with files that they name: they go where the
 *     tokenizer goes. Relative to the model's directory
 * @param missing what settings other than the tokenizer's name and is not there: warnings for an
 *     output that gets them
 * @param missingOfTokenizer the same of the tokenizer's settings
 */
public record ModelScripts(
        List<Path> tokenizer, List<Problem> missing, List<Problem> missingOfTokenizer) {
    public static final ModelScripts NONE = new ModelScripts(List.of(), List.of(), List.of());

    public ModelScripts {
        tokenizer = List.copyOf(tokenizer);
        missing = List.copyOf(missing);
        missingOfTokenizer = List.copyOf(missingOfTokenizer);
    }

    /** Warnings for an output that gets all settings. */
    public List<Problem> allMissing() {
        List<Problem> all = new ArrayList<>(missing);
        all.addAll(missingOfTokenizer);
        return all;
    }
}
