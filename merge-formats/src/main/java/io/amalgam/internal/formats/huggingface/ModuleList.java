package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.ModuleFolders.Part;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.files.FileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The parts of a model that sentence-transformers saved, as its {@code modules.json} lists them. No
 * kind of module is known by its name: one has weights if there are weights in its folder, or in a
 * folder inside.
 */
final class ModuleList {
    static final String FILE = "modules.json";

    private static final int DEPTH = 3;

    private ModuleList() {}

    /**
     * What {@code modules.json} says, {@link ModuleFolders#NONE} where there is none. What is wrong
     * with it goes to the problems.
     */
    static ModuleFolders of(Path directory, List<Problem> problems) throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return ModuleFolders.NONE;
        }
        JsonNode list;
        try {
            list = JsonFiles.read(file);
        } catch (BadInputException e) {
            problems.addAll(e.problems());
            return ModuleFolders.NONE;
        }
        if (!list.isArray()) {
            problems.add(
                    Problem.expected("file", "a list of modules", JsonFiles.describe(list))
                            .at("'" + file + "'")
                            .hint(JsonFiles.DAMAGED));
            return ModuleFolders.NONE;
        }
        return of(directory, file, list, problems);
    }

    private static ModuleFolders of(
            Path directory, Path file, JsonNode list, List<Problem> problems) throws IOException {
        boolean inFolder = !WeightFiles.areIn(directory);
        String home = "";
        List<Part> modules = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            JsonNode path = list.get(i).path("path");
            String folder = path.asText("").replaceFirst("[/\\\\]+$", "");
            if (!path.isTextual() || !(folder.isEmpty() || FileNames.isPlain(folder))) {
                problems.add(
                        Problem.expected(
                                        "'path' of module " + i,
                                        "the name of a folder in the model's directory",
                                        path.isTextual()
                                                ? "'" + path.asText() + "'"
                                                : JsonFiles.describe(path))
                                .at("'" + file + "'")
                                .hint(
                                        "do not use this model: its list of modules points elsewhere"));
                continue;
            }
            String type = list.get(i).path("type").asText("");
            type = type.substring(type.lastIndexOf('.') + 1);
            boolean first = !folder.isEmpty() && seen.add(folder);
            boolean weights = first && WeightFiles.areIn(directory.resolve(folder));
            if (i == 0 && inFolder && weights) {
                home = folder;
                weights = false;
            }
            modules.add(new Part(type, folder, weights));
            if (first && !folder.equals(home)) {
                for (Path inside : foldersIn(directory.resolve(folder))) {
                    if (WeightFiles.areIn(inside)) {
                        String name = directory.relativize(inside).toString().replace('\\', '/');
                        modules.add(new Part(type, name, true));
                    }
                }
            }
        }
        return new ModuleFolders(home, modules);
    }

    /** Folders inside a module's folder, which a module that chooses between others has. */
    static List<Path> foldersIn(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> inside = Files.walk(folder, DEPTH)) {
            return inside.filter(p -> !p.equals(folder) && Files.isDirectory(p)).sorted().toList();
        }
    }
}
