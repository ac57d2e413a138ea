package io.amalgam.cli.lora;

import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.WeightedPath;
import io.amalgam.error.BadInputException;
import io.amalgam.tensor.DType;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses the arguments of the adapter commands. */
final class LoraArguments {
    private static final Set<DType> TYPES = Set.of(DType.BF16, DType.F16, DType.F32);

    private LoraArguments() {}

    /** The last word: where to write. */
    static Path out(List<String> words, Subcommand command) {
        for (String word : words) {
            if (word.isEmpty()) {
                throw command.usage("expected paths, got ''");
            }
        }
        try {
            return Path.of(words.get(words.size() - 1));
        } catch (InvalidPathException e) {
            throw command.usage("argument 'OUT': expected a path, got '" + e.getInput() + "'");
        }
    }

    /** All but the last. */
    static List<WeightedPath> adapters(List<String> words, Subcommand command) {
        try {
            return words.subList(0, words.size() - 1).stream().map(WeightedPath::parse).toList();
        } catch (BadInputException e) {
            throw command.usage(e.problems().get(0).toString());
        }
    }

    static Optional<DType> dtype(@Nullable String name, Subcommand command) {
        if (name == null) {
            return Optional.empty();
        }
        Optional<DType> type = DType.fromRecipeName(name).filter(TYPES::contains);
        if (type.isEmpty()) {
            throw command.usage(
                    "option '--dtype': expected one of bfloat16, float16, float32, got '"
                            + name
                            + "'");
        }
        return type;
    }
}
