package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigKeys;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.formats.huggingface.SideFiles;
import io.amalgam.internal.tokenizer.TokenizerOutput;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Files of the Hugging Face model in the folder of a GGUF file, where the folder is named: they say
 * what GGUF does not.
 *
 * @param config a config.json
 * @param files tokenizer, settings of generation: relative to the folder
 */
record Companions(Optional<ObjectNode> config, List<Path> files) {
    /**
     * @param path what is named: a folder, or a file, which has no companions
     */
    static Companions of(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return new Companions(Optional.empty(), List.of());
        }
        Path config = path.resolve("config.json");
        return new Companions(
                Files.exists(config) ? Optional.of(JsonFiles.readObject(config)) : Optional.empty(),
                SideFiles.beside(path));
    }

    /**
     * The architecture that the configuration names: GGUF has one name for several.
     *
     * @param file that of the GGUF file
     * @throws BadInputException if it is another
     */
    GgufArchitecture architecture(GgufArchitecture file, Path folder) {
        if (config.isEmpty()) {
            return file;
        }
        String type = config.get().path("model_type").asText("");
        return GgufArchitecture.ofModelType(type)
                .filter(named -> named.gguf().equals(file.gguf()))
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "'model_type'",
                                                        "one of the architecture '"
                                                                + file.gguf()
                                                                + "', as the GGUF file beside it",
                                                        "'" + type + "'")
                                                .at("'" + folder.resolve("config.json") + "'")
                                                .hint("put the model's own there, or remove it")));
    }

    /** The type that the configuration names for computing. */
    Optional<DType> compute() {
        return config.flatMap(ConfigKeys::computeType);
    }

    /** The configuration of weights of a type. */
    static ObjectNode withType(ObjectNode config, DType type) {
        boolean named = ConfigKeys.DTYPES.stream().anyMatch(config::has);
        for (String key : ConfigKeys.DTYPES) {
            // The older key where there is none: all versions of transformers know it.
            if (named ? config.has(key) : key.equals(ConfigKeys.OLD_DTYPE)) {
                config.put(key, type.recipeName());
            }
        }
        return config;
    }

    boolean haveTokenizer() {
        return files.stream().anyMatch(TokenizerOutput::isTokenizerFile);
    }
}
