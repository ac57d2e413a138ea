package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.Checkpoint;
import java.io.IOException;

/** Turns prompts into the numbers of a model's tokens. */
@FunctionalInterface
public interface PromptEncoder {
    /**
     * The tokens of a prompt, the one that begins a text first where the model has such a token; at
     * least one.
     */
    int[] encode(String prompt);

    /** Makes encoders. */
    @FunctionalInterface
    interface Factory {
        /**
         * @throws io.amalgam.error.BadInputException if the model has no tokenizer that can be used
         * @throws IOException if it cannot be read
         */
        PromptEncoder of(Checkpoint model) throws IOException;
    }
}
