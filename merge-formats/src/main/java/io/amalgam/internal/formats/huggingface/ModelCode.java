package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The Python files that a model's settings name, and those they import. They are never run, only
 * copied, so that whoever trusts them can load the output.
 *
 * <p>Only files of the model count: a name is that of a module beside the settings, and a link is
 * followed only to a file in the model's directory or beside the target of the file that names it,
 * as in a download cache.
 */
final class ModelCode {
    private static final String TOKENIZER = "tokenizer_config.json";

    private static final List<String> SETTINGS =
            List.of(
                    TOKENIZER,
                    "config.json",
                    "processor_config.json",
                    "preprocessor_config.json",
                    "video_preprocessor_config.json");

    /** Used in place of the model's own method once code is trusted. */
    private static final Path GENERATE = Path.of("custom_generate", "generate.py");

    private static final Path REQUIREMENTS = Path.of("custom_generate", "requirements.txt");

    private static final String PYTHON = ".py";

    /** No one writes more by hand. */
    private static final long MAX_BYTES = 1L << 22;

    private final Path home;
    private final Path boundary;
    private final Set<Path> files = new LinkedHashSet<>();
    private final Set<Path> tokenizer = new LinkedHashSet<>();
    private final Map<String, Problem> missing = new LinkedHashMap<>();
    private List<Problem> missingOfTokenizer = List.of();

    /** A file to look at, and what names it. */
    private record Wanted(Path name, Path namer, String how) {}

    private ModelCode(Path directory, Path home) throws IOException {
        this.home = home;
        this.boundary = directory.toRealPath();
    }

    /**
     * @param directory of the model
     * @param folder there with its configuration and tokenizer; empty for the directory itself
     */
    static ModelCode in(Path directory, String folder) throws IOException {
        ModelCode code = new ModelCode(directory, directory.resolve(folder));
        for (String settings : SETTINGS) {
            code.settings(settings);
        }
        code.generate();
        code.modules();
        return code;
    }

    /** All that are there, relative to the folder. */
    Set<Path> files() {
        return files;
    }

    /** Those of them that are its tokenizer's. */
    Set<Path> tokenizer() {
        return tokenizer;
    }

    /** What is named and not there: warnings. */
    List<Problem> missing() {
        return List.copyOf(missing.values());
    }

    /** The same of the tokenizer's settings. */
    List<Problem> missingOfTokenizer() {
        return missingOfTokenizer;
    }

    private void settings(String name) throws IOException {
        Path file = home.resolve(name);
        Set<Path> found = new LinkedHashSet<>();
        for (CodeReferences.Reference reference : CodeReferences.in(read(file))) {
            if (!reference.repository().isEmpty()) {
                elsewhere(reference.repository(), file);
                continue;
            }
            Optional<String> python = reference.file();
            if (python.isEmpty()) {
                add(
                        Problem.expected(
                                        "code named in " + name,
                                        "the name of a module beside it",
                                        "'" + reference.module() + "'")
                                .at("'" + file + "'")
                                .hint("it is not copied: look at what this model would run"));
                continue;
            }
            String how = name + " names code in '" + python.get() + "'";
            follow(new Wanted(Path.of(python.get()), file, how), found);
        }
        if (name.equals(TOKENIZER)) {
            for (Path python : List.copyOf(found)) {
                vocabularies(python, found);
            }
            tokenizer.addAll(found);
            missingOfTokenizer = missing();
            missing.clear();
        }
        files.addAll(found);
    }

    /** What a settings file holds; nothing if it is not there, or damaged: others say so. */
    private static JsonNode read(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return MissingNode.getInstance();
        }
        try {
            return JsonFiles.read(file);
        } catch (BadInputException e) {
            return MissingNode.getInstance();
        }
    }

    private void elsewhere(String repository, Path file) {
        add(
                Problem.of(
                                file.getFileName()
                                        + " names code of the repository '"
                                        + repository
                                        + "', which is not copied")
                        .at("'" + file + "'")
                        .hint(
                                "whoever loads the output with trust_remote_code gets it from there"));
    }

    private void generate() throws IOException {
        if (Files.isRegularFile(home.resolve(GENERATE))) {
            follow(new Wanted(GENERATE, home.resolve("config.json"), "the model"), files);
            if (isOwn(REQUIREMENTS, home.resolve(GENERATE))) {
                files.add(REQUIREMENTS);
            }
        }
    }

    /** A module of sentence-transformers may be of a class beside the list of modules. */
    private void modules() throws IOException {
        Path list = home.resolve(ModuleList.FILE);
        for (JsonNode module : read(list)) {
            Optional<String> file = CodeReferences.of(module.path("type").asText("")).file();
            if (file.isPresent() && Files.isRegularFile(home.resolve(file.get()))) {
                follow(new Wanted(Path.of(file.get()), list, ModuleList.FILE), files);
            }
        }
    }

    /** Takes a file and all it imports. */
    private void follow(Wanted first, Set<Path> found) throws IOException {
        Deque<Wanted> queue = new ArrayDeque<>(List.of(first));
        while (!queue.isEmpty()) {
            Wanted next = queue.remove();
            if (found.contains(next.name)) {
                continue;
            }
            Path file = home.resolve(next.name);
            if (!isOwn(next.name, next.namer)) {
                boolean there = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
                add(
                        Problem.of(
                                        next.how
                                                + (there
                                                        ? ", which is not a file of this model"
                                                        : ", which does not exist"))
                                .at("'" + next.namer + "'")
                                .hint(
                                        "the output's code does not load without it: put it beside the output's config.json"));
                continue;
            }
            found.add(next.name);
            for (PythonImports.Import imported : PythonImports.in(text(file))) {
                imports(next.name, imported, queue);
            }
        }
    }

    /** Its text; none if it cannot be read, which is said when it is to be copied. */
    private static String text(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            return "";
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private void imports(Path importer, PythonImports.Import imported, Deque<Wanted> queue) {
        Path file = home.resolve(importer);
        String how = "'" + importer + "' imports '" + imported.text() + "'";
        Path folder = Path.of("x").resolve(importer).getParent();
        for (int i = 0; i < imported.up() && folder != null; i++) {
            folder = folder.getParent();
        }
        if (folder == null) {
            queue.add(new Wanted(Path.of(imported.text() + PYTHON), file, how));
            return;
        }
        Path at = Path.of("x").relativize(folder);
        for (String part : imported.module()) {
            at = at.resolve(part);
            inPackage(at, file, how, queue);
        }
        Path module = python(at);
        boolean named = !imported.module().isEmpty();
        boolean isPackage = !named || Files.isDirectory(home.resolve(at));
        if (named && (!isPackage || Files.exists(home.resolve(module)))) {
            queue.add(new Wanted(module, file, how));
        }
        if (isPackage) {
            for (String name : imported.names()) {
                Path inside = at.resolve(name);
                if (Files.exists(home.resolve(python(inside)))) {
                    queue.add(new Wanted(python(inside), file, how));
                }
                inPackage(inside, file, how, queue);
            }
        }
    }

    private void inPackage(Path folder, Path importer, String how, Deque<Wanted> queue) {
        Path init = folder.resolve("__init__" + PYTHON);
        if (Files.exists(home.resolve(init))) {
            queue.add(new Wanted(init, importer, how));
        }
    }

    private static Path python(Path module) {
        return module.resolveSibling(Objects.requireNonNull(module.getFileName()) + PYTHON);
    }

    private void vocabularies(Path python, Set<Path> found) throws IOException {
        for (String name : PythonImports.fileNames(text(home.resolve(python)))) {
            Path file = Path.of(name);
            if (!SETTINGS.contains(name)
                    && !name.endsWith(PYTHON)
                    && !SideFiles.isWeights(name)
                    && isOwn(file, home.resolve(python))) {
                found.add(file);
            }
        }
    }

    /** Whether it is a file of the model, of a size that such files have. */
    private boolean isOwn(Path name, Path namer) throws IOException {
        Path file = home.resolve(name);
        if (!Files.isRegularFile(file)) {
            return false;
        }
        Path real = file.toRealPath();
        Path beside = Objects.requireNonNull(namer.toRealPath().getParent());
        boolean own = real.startsWith(boundary) || beside.equals(real.getParent());
        return own && (!name.toString().endsWith(PYTHON) || Files.size(file) <= MAX_BYTES);
    }

    private void add(Problem problem) {
        missing.putIfAbsent(problem.toString(), problem);
    }
}
