package io.amalgam.formats.huggingface;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a merged model takes over from its donor unchanged: tokenizer, generation settings,
 * preprocessing, pooling.
 */
final class SideFiles {
    private static final List<String> NAMES =
            List.of(
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "tokenizer.json",
                    "tokenizer.model",
                    "added_tokens.json",
                    "merges.txt",
                    "vocab.json",
                    "vocab.txt",
                    "spiece.model",
                    "sentencepiece.bpe.model",
                    "chat_template.jinja",
                    "chat_template.json",
                    "generation_config.json",
                    "preprocessor_config.json",
                    "processor_config.json",
                    "video_preprocessor_config.json",
                    "normalizer.json",
                    "modules.json",
                    "config_sentence_transformers.json",
                    "sentence_bert_config.json");

    /** Folders of sentence-transformers' modules: {@code 1_Pooling}, {@code 2_Dense}. */
    private static final Pattern MODULE = Pattern.compile("\\d+_[A-Za-z]+");

    private static final List<String> MODULE_FILES =
            List.of("config.json", "model.safetensors", "pytorch_model.bin");

    private SideFiles() {}

    /**
     * Those that exist in {@code directory}, relative to it, whether they can be read or not. Of
     * module folders, all files: a dense module has weights of its own.
     */
    static List<Path> in(Path directory) throws IOException {
        List<Path> found = named(directory);
        for (Path folder : list(directory)) {
            if (isModule(folder)) {
                list(folder).stream()
                        .filter(file -> !Files.isDirectory(file))
                        .map(file -> relative(folder, file))
                        .forEach(found::add);
            }
        }
        return List.copyOf(found);
    }

    /**
     * Those that no one would mistake for anything else: of module folders, only the configuration
     * and the weights.
     */
    static List<Path> unmistakable(Path directory) throws IOException {
        List<Path> found = named(directory);
        found.removeIf(file -> Files.isDirectory(directory.resolve(file)));
        for (Path folder : list(directory)) {
            if (isModule(folder)) {
                for (String name : MODULE_FILES) {
                    if (Files.isRegularFile(folder.resolve(name))) {
                        found.add(relative(folder, folder.resolve(name)));
                    }
                }
            }
        }
        return found;
    }

    private static List<Path> named(Path directory) {
        List<Path> found = new ArrayList<>();
        for (String name : NAMES) {
            if (Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                found.add(Path.of(name));
            }
        }
        return found;
    }

    private static boolean isModule(Path folder) {
        return MODULE.matcher(folder.getFileName().toString()).matches()
                && Files.isDirectory(folder);
    }

    private static Path relative(Path folder, Path file) {
        return Path.of(folder.getFileName().toString(), file.getFileName().toString());
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }
}
