package io.amalgam.cli.judge;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.evaluate.Domain;
import io.amalgam.internal.runs.Combination;
import io.amalgam.internal.runs.CommandObjective;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.runs.ScoreCommand;
import io.amalgam.internal.runs.TextObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What models are judged by: a command or texts. */
public final class ObjectiveMixin {
    private static final long HOUR = 3600;

    @Option(
            names = "--score-cmd",
            paramLabel = "COMMAND",
            description =
                    "Command that scores a model. {} is the model's path, else it is the last argument. The last line printed is the score; higher is better. Runs without a shell.")
    private @Nullable String command;

    @Option(names = "--loss", description = "The command prints losses: lower is better.")
    private boolean loss;

    @Option(
            names = "--score-timeout",
            paramLabel = "SECONDS",
            description = "Time limit of one score. Default: one hour.")
    private long timeout = HOUR;

    @Option(
            names = "--text",
            arity = "1..*",
            paramLabel = "[NAME=]FILE",
            description =
                    "Score by the mean loss on UTF-8 text, or token ids (.npy), as in 'amalgam evaluate'. Lower is better.")
    private List<String> texts = List.of();

    @Mixin private CombinationMixin combination;
    @Mixin private TokensMixin tokens;

    /** What is wrong with the values given. */
    public Optional<String> complaint() {
        if (command != null && !texts.isEmpty()) {
            return Optional.of("options '--score-cmd' and '--text' exclude each other");
        }
        if (command == null && loss) {
            return Optional.of("option '--loss' is for '--score-cmd'");
        }
        if (timeout < 1) {
            return Optional.of("option '--score-timeout': expected at least 1, got " + timeout);
        }
        if (command != null) {
            try {
                ScoreCommand.parse(command, timeout);
            } catch (IllegalArgumentException e) {
                return Optional.of("option '--score-cmd': " + e.getMessage());
            }
        }
        return TextInput.complaint(texts)
                .or(() -> combination.complaint(names()))
                .or(tokens::complaint);
    }

    /** How figures on several texts become one. */
    public Combination combination() {
        return combination.combination();
    }

    /** Whether anything is to be judged. */
    public boolean isGiven() {
        return command != null || !texts.isEmpty();
    }

    /** Whether models are judged by texts. */
    public boolean byTexts() {
        return !texts.isEmpty();
    }

    /** Names of the texts. */
    private List<String> names() {
        return texts.stream().map(text -> TextInput.of(text).name()).toList();
    }

    /** Another command that prints what this one's does. */
    public Objective command(String other) {
        return new CommandObjective(ScoreCommand.parse(other, timeout), loss);
    }

    /**
     * The judge.
     *
     * @param models opens models by name, for their tokenizers
     */
    public Objective objective(TokensMixin.Opening models, EngineOptions engine)
            throws IOException {
        return texts.isEmpty() ? command(String.valueOf(command)) : texts(models, engine);
    }

    /** The judge by texts. */
    public TextObjective texts(TokensMixin.Opening models, EngineOptions engine)
            throws IOException {
        List<String> identity = new ArrayList<>(List.of("texts", tokens.words()));
        for (String text : texts) {
            TextInput input = TextInput.of(text);
            boolean there = Files.isRegularFile(input.file());
            identity.add(input.name() + " " + (there ? Files.size(input.file()) : 0));
            if (there) {
                identity.add(String.valueOf(Files.getLastModifiedTime(input.file()).toMillis()));
            }
        }
        return new TextObjective(new Remembered(models), tokens::window, engine, identity);
    }

    /** Texts are cut into tokens once for models with one tokenizer. */
    private final class Remembered implements TextObjective.Texts {
        private final TokensMixin.Opening models;
        private List<Domain> domains = List.of();
        private Optional<TokenizerFiles> files = Optional.empty();

        Remembered(TokensMixin.Opening models) {
            this.models = models;
        }

        @Override
        public List<Domain> of(Checkpoint model, String name) throws IOException {
            Path home = model.tokenizerHome();
            Optional<TokenizerFiles> now = Optional.of(TokenizerFiles.of(home));
            if (!now.equals(files)) {
                domains = tokens.domains(texts, model, name, models);
                files = now;
            }
            return domains;
        }
    }
}
