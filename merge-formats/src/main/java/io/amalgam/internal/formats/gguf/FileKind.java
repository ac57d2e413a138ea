package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.Optional;

/** What a GGUF file is for: not all are models. */
final class FileKind {
    private static final String TYPE = "general.type";
    private static final String MODEL = "model";

    private FileKind() {}

    /**
     * The architecture of a model.
     *
     * @throws BadInputException if the file is none, or does not say what it is
     */
    static String architecture(GgufMetadata keys, Path file) {
        String kind = keys.text(TYPE).orElse(MODEL);
        Optional<String> architecture = keys.architecture();
        if (!kind.equals(MODEL) || architecture.filter("clip"::equals).isPresent()) {
            throw new BadInputException(
                    Problem.expected("GGUF file", "a model", kind(kind))
                            .at("'" + file + "'")
                            .hint(
                                    kind.equals("adapter")
                                            ? "give the adapter as PEFT saved it"
                                            : "give the file with the language model"));
        }
        if (architecture.isEmpty()) {
            throw new BadInputException(
                    Problem.expected(
                                    "key '" + GgufMetadata.ARCHITECTURE + "'",
                                    "the name of an architecture",
                                    "none")
                            .at("'" + file + "'")
                            .hint("the file is damaged, or no model"));
        }
        return architecture.get();
    }

    private static String kind(String type) {
        return switch (type) {
            case "adapter" -> "an adapter";
            case "mmproj", MODEL -> "the vision part of a model";
            default -> "one of type " + quote(type);
        };
    }
}
