package io.amalgam.cli.options;

import io.amalgam.engine.EngineOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether merges write a model card. */
public final class CardMixin {
    @Option(
            names = "--write-model-card",
            negatable = true,
            description =
                    "Write README.md for the model hub, in place of one that is there. Default: written if there is none.")
    private @Nullable Boolean card;

    public EngineOptions on(EngineOptions options) {
        return options.card(
                card == null
                        ? EngineOptions.Card.IF_ABSENT
                        : card ? EngineOptions.Card.ALWAYS : EngineOptions.Card.NEVER);
    }
}
