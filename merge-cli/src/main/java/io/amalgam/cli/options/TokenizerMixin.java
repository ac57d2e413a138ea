package io.amalgam.cli.options;

import io.amalgam.plan.PlanOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for tokens, if the recipe has no tokenizer section. */
public final class TokenizerMixin {
    @Option(
            names = "--copy-tokenizer",
            negatable = true,
            description =
                    "Copy the tokenizer files and generation_config.json of the base or first model. Default: on. A recipe's tokenizer section always writes its own.")
    private @Nullable Boolean copy;

    @Option(
            names = "--unsafe-truncate-embeddings",
            negatable = true,
            description =
                    "Without a tokenizer section in the recipe: cut embeddings and heads to the smallest vocabulary, without comparing tokens.")
    private boolean truncate;

    public PlanOptions on(PlanOptions options) {
        return options.copyTokenizer(!Boolean.FALSE.equals(copy)).truncateEmbeddings(truncate);
    }
}
