package io.amalgam.internal.formats.huggingface;

import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.internal.tokenizer.TokenizerOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files that a merged model gets from its donor unchanged: tokenizer, generation settings,
 * preprocessing, pooling.
 */
public final class SideFiles {
    private static final List<String> NAMES =
            List.of(
                    "generation_config.json",
                    "preprocessor_config.json",
                    "processor_config.json",
                    "video_preprocessor_config.json",
                    "audio_tokenizer_config.json",
                    "modules.json",
                    "config_sentence_transformers.json",
                    "sentence_bert_config.json");

    /** Further chat templates, each in a file. */
    private static final String TEMPLATES = "additional_chat_templates";

    /** Folders as sentence-transformers names them: {@code 1_Pooling}, {@code 2_Dense}. */
    private static final Pattern MODULE = Pattern.compile("\\d+_[A-Za-z]+");

    /** Weights, in whatever form: those of a merged module are new. */
    private static final Pattern WEIGHTS =
            Pattern.compile(
                    "(?i).*\\.(safetensors|bin|pt|pth|gguf|h5|ot|msgpack|onnx|onnx_data|index(\\.\\w+)?\\.json)");

    private static final String CONFIG = "config.json";

    private SideFiles() {}

    /**
     * Those that exist in {@code directory}, relative to it, whether they can be read or not, with
     * the model's code. Of module folders, all files but weights that are merged.
     */
    static List<Path> in(Path directory, ModuleFolders folders, ModelCode code) throws IOException {
        Set<Path> found = new LinkedHashSet<>(named(directory));
        Path home = Path.of(folders.mainFolder());
        if (!folders.mainFolder().isEmpty()) {
            named(directory.resolve(home)).forEach(file -> found.add(home.resolve(file)));
            if (Files.exists(directory.resolve(CONFIG))) {
                found.add(Path.of(CONFIG));
            }
        }
        code.files().forEach(file -> found.add(home.resolve(file)));
        Set<String> weighted = Set.copyOf(folders.withWeights());
        for (Path folder : modules(directory, folders)) {
            boolean ofHome = folder.equals(home);
            boolean merged = ofHome || weighted.contains(folder.toString().replace('\\', '/'));
            for (Path file : list(directory.resolve(folder))) {
                String name = file.getFileName().toString();
                if (!Files.isDirectory(file)
                        && !(merged && isWeights(name))
                        && !(ofHome && name.equals(CONFIG))) {
                    found.add(folder.resolve(name));
                }
            }
        }
        return List.copyOf(found);
    }

    /** Folders of modules, relative to {@code directory}, those inside them included. */
    private static List<Path> modules(Path directory, ModuleFolders folders) throws IOException {
        Set<Path> modules = new LinkedHashSet<>();
        for (Path folder : list(directory)) {
            String name = folder.getFileName().toString();
            if (Files.isDirectory(folder) && MODULE.matcher(name).matches()) {
                modules.add(Path.of(name));
            }
        }
        for (ModuleFolders.Part module : folders.modules()) {
            Path folder = directory.resolve(module.folder());
            if (!module.folder().isEmpty() && Files.isDirectory(folder)) {
                modules.add(Path.of(module.folder()));
                if (!module.folder().equals(folders.mainFolder())) {
                    ModuleList.foldersIn(folder).stream()
                            .map(directory::relativize)
                            .forEach(modules::add);
                }
            }
        }
        return List.copyOf(modules);
    }

    /** Those in the folder of weights that are no Hugging Face model's. */
    public static List<Path> beside(Path directory) throws IOException {
        return in(directory, ModuleFolders.NONE, ModelCode.in(directory, ""));
    }

    /**
     * Folders of modules, relative to the directory: those its {@code modules.json} lists, as far
     * as it can be read, and those with usual names.
     */
    static List<Path> partsIn(Path directory) throws IOException {
        return modules(directory, ModuleList.of(directory, new ArrayList<>()));
    }

    /**
     * Those that no one would mistake for anything else: of module folders, the configuration and
     * what has a usual name.
     */
    static List<Path> unmistakable(Path directory) throws IOException {
        List<Path> found = named(directory);
        for (Path folder : partsIn(directory)) {
            named(directory.resolve(folder)).forEach(file -> found.add(folder.resolve(file)));
            if (Files.isRegularFile(directory.resolve(folder).resolve(CONFIG))) {
                found.add(folder.resolve(CONFIG));
            }
        }
        found.removeIf(file -> Files.isDirectory(directory.resolve(file)));
        ModelCode.in(directory, "").files().stream()
                .filter(file -> !found.contains(file))
                .forEach(found::add);
        return found;
    }

    private static List<Path> named(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path entry : Files.isDirectory(directory) ? list(directory) : List.<Path>of()) {
            Path name = entry.getFileName();
            if (NAMES.contains(name.toString()) || TokenizerOutput.isTokenizerFile(name)) {
                found.add(name);
            }
        }
        Path templates = directory.resolve(TEMPLATES);
        if (Files.isDirectory(templates, LinkOption.NOFOLLOW_LINKS)) {
            for (Path template : list(templates)) {
                if (template.toString().endsWith(".jinja") && !Files.isDirectory(template)) {
                    found.add(Path.of(TEMPLATES).resolve(template.getFileName()));
                }
            }
        }
        return found;
    }

    /** Whether a file's name is one that weights have, in whatever form. */
    static boolean isWeights(String name) {
        return WEIGHTS.matcher(name).matches();
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }
}
