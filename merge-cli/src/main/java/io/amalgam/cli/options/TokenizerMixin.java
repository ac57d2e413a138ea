package io.amalgam.cli.options;

import io.amalgam.plan.PlanOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What becomes of tokens where the recipe says nothing of them. */
public final class TokenizerMixin {
    @Option(
            names = "--copy-tokenizer",
            negatable = true,
            description =
                    "Copy the tokenizer files and generation_config.json of the base or first model; on unless --no-copy-tokenizer. A recipe's tokenizer section writes its own in any case.")
    private @Nullable Boolean copy;

    @Option(
            names = "--unsafe-truncate-embeddings",
            negatable = true,
            description =
                    "Cut embeddings and heads to the smallest vocabulary, without regard to tokens, where the recipe has no tokenizer section.")
    private boolean truncate;

    PlanOptions on(PlanOptions options) {
        return options.copyTokenizer(!Boolean.FALSE.equals(copy)).truncateEmbeddings(truncate);
    }
}
