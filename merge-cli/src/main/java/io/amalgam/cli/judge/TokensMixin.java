package io.amalgam.cli.judge;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.evaluate.Domain;
import io.amalgam.internal.formats.tokens.TextTokenizer;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.kernel.Kernels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How texts become windows of tokens. */
public final class TokensMixin {
    @Option(
            names = "--context",
            paramLabel = "N",
            description =
                    "Window length in tokens. Default: the model's 'max_position_embeddings'.")
    private @Nullable Integer context;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Use at most the first N tokens of each text.")
    private int limit = Integer.MAX_VALUE;

    @Option(
            names = "--tokenizer",
            paramLabel = "MODEL",
            description = "Model whose tokenizer to use: a folder or hub name. Default: MODEL.")
    private @Nullable String tokenizer;

    Optional<String> complaint() {
        if (context != null && context < 2) {
            return Optional.of("option '--context': expected at least 2, got " + context);
        }
        return limit < 2
                ? Optional.of("option '--limit': expected at least 2, got " + limit)
                : Optional.empty();
    }

    /** The options, to tell one use of them from another. */
    String words() {
        return context + " " + limit + " " + tokenizer;
    }

    /** Tokens of a window. */
    int window(LlamaModel model, List<Domain> domains) {
        if (context != null) {
            return context;
        }
        int longest = domains.stream().mapToInt(domain -> domain.tokens().length).max().orElse(2);
        int positions = model.shape().positions();
        if (positions < 2) {
            throw new BadInputException(
                    Problem.expected(
                                    "'max_position_embeddings' in config.json of model '"
                                            + model.name()
                                            + "'",
                                    "a number",
                                    "nothing")
                            .hint("give the tokens of a window with --context"));
        }
        return Math.max(2, Math.min(positions, longest));
    }

    /** Opens a model by name. */
    @FunctionalInterface
    public interface Opening {
        Checkpoint open(String name) throws IOException;
    }

    public static Opening opening(HubMixin hub, Console console, boolean silent, Kernels kernels) {
        return name -> new JudgedModel(name).open(hub, console, silent, kernels);
    }

    /**
     * The tokens of texts. The tokenizer is read where one of them is a text.
     *
     * @param name what the user calls the model
     */
    List<Domain> domains(List<String> texts, Checkpoint model, String name, Opening opening)
            throws IOException {
        List<Domain> domains = new ArrayList<>();
        TextTokenizer[] made = new TextTokenizer[1];
        try {
            for (String text : texts) {
                TextInput.Tokenizer needed =
                        () -> {
                            if (made[0] == null) {
                                made[0] = tokenizer(model, name, opening);
                            }
                            return made[0];
                        };
                domains.add(TextInput.of(text).tokens(needed).limited(limit));
            }
        } finally {
            if (made[0] != null) {
                made[0].close();
            }
        }
        return domains;
    }

    private TextTokenizer tokenizer(Checkpoint model, String name, Opening opening)
            throws IOException {
        if (tokenizer == null) {
            return TextTokenizer.read(model.tokenizerHome(), name);
        }
        try (Checkpoint other = opening.open(tokenizer)) {
            return TextTokenizer.read(other.tokenizerHome(), tokenizer);
        }
    }
}
