package io.amalgam.internal.formats.hub;

import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.internal.formats.gguf.PartName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a merge needs of a repository's files: one set of weights, the configuration, the tokenizer
 * and the like. Not other forms of the weights, nor what training left behind.
 *
 * @param weights files of tensors, those that an index names included
 * @param others all else
 * @param choices files of which one is to be named; empty where it is clear which are meant
 */
record WantedFiles(Set<String> weights, Set<String> others, List<String> choices) {
    /** An adapter's weights, the preferred first. */
    private static final List<String> ADAPTERS =
            List.of("adapter_model.safetensors", "pytorch_lora_weights.safetensors");

    private static final String ADAPTER_PICKLE = "adapter_model.bin";
    private static final String ADAPTER_CONFIG = "adapter_config.json";
    private static final String MODULES = "modules.json";
    private static final String TEMPLATES = "additional_chat_templates";

    private static final Pattern COMPANION =
            Pattern.compile("(?i).*\\.(json|txt|jinja|py|model|tiktoken|vocab|bpe|spm)");

    /** An index of weights says nothing without them; the state of a training is no model. */
    private static final Pattern NEEDLESS =
            Pattern.compile(
                    "(?i).*\\.index(\\.\\w+)?\\.json|(.*_)?trainer_state\\.json|.*_results\\.json");

    /** Folders of modules that need no list. */
    private static final Pattern MODULE = Pattern.compile("\\d+_[A-Za-z]+");

    private static final Pattern APART =
            Pattern.compile("original|onnx|openvino|runs|checkpoint-.*");

    /** Contents of the small files that say which others there must be. */
    interface Reader {
        /** The names that an index of weights, or a list of modules, has. */
        Set<String> names(String file) throws IOException;
    }

    /**
     * Of all files of a commit.
     *
     * @param named the weights that are meant; empty for those that are there
     */
    static WantedFiles of(Collection<String> all, Optional<String> named, Reader reader)
            throws IOException {
        if (named.isPresent()) {
            return named(all, named.get());
        }
        Set<String> weights = new LinkedHashSet<>();
        Set<String> others = new TreeSet<>();
        List<String> folders = folders(all, reader);
        for (String folder : folders) {
            weights.addAll(weights(folder, inside(all, folder), others, reader));
        }
        List<String> top = inside(all, "");
        Optional<String> adapter = ADAPTERS.stream().filter(top::contains).findFirst();
        adapter.ifPresent(weights::add);
        if (adapter.isEmpty() && top.contains(ADAPTER_CONFIG) && top.contains(ADAPTER_PICKLE)) {
            weights.add(ADAPTER_PICKLE);
        }
        List<String> bare = top.stream().filter(n -> n.endsWith(".safetensors")).toList();
        List<String> choices = List.of();
        if (weights.isEmpty()) { // An adapter of a trainer that names it freely, or GGUF.
            choices = bare.isEmpty() ? models(all) : bare;
        } else if (WeightName.among(top).size() > 1) {
            choices = WeightName.among(top).stream().map(WeightName::file).toList();
        }
        if (choices.size() == 1) {
            weights.addAll(parts(all, choices.get(0)));
        }
        for (String path : all) {
            if (isCompanion(path, folders)) {
                others.add(path);
            }
        }
        others.removeAll(weights);
        return new WantedFiles(weights, others, choices.size() > 1 ? choices : List.of());
    }

    /** The GGUF models in any folder. */
    private static List<String> models(Collection<String> all) {
        return PartName.models(all.stream().map(Path::of).toList()).stream()
                .map(model -> slashed(model.path()))
                .toList();
    }

    /** A file, and the other parts of the model it is the first part of. */
    private static Set<String> parts(Collection<String> all, String file) {
        PartName name = PartName.of(Path.of(file));
        Set<String> parts = new LinkedHashSet<>(List.of(file));
        for (int number = 2; number <= name.count(); number++) {
            parts.add(slashed(name.part(number)));
        }
        parts.retainAll(all);
        return parts;
    }

    private static String slashed(Path path) {
        return path.toString().replace('\\', '/');
    }

    private static WantedFiles named(Collection<String> all, String file) {
        Set<String> weights = new LinkedHashSet<>(parts(all, file));
        Set<String> others = new TreeSet<>();
        for (String path : all) {
            if (isCompanion(path, List.of(""))) {
                others.add(path);
            }
        }
        return new WantedFiles(weights, others, List.of());
    }

    /** The repository itself and the folders of its modules. */
    private static List<String> folders(Collection<String> all, Reader reader) throws IOException {
        Set<String> folders = new LinkedHashSet<>(List.of(""));
        Set<String> listed = all.contains(MODULES) ? reader.names(MODULES) : Set.of();
        for (String path : all) {
            int slash = path.lastIndexOf('/');
            String folder = slash < 0 ? "" : path.substring(0, slash);
            String first = folder.replaceFirst("/.*", "");
            if (listed.contains(first) || MODULE.matcher(first).matches()) {
                folders.add(folder);
            }
        }
        return List.copyOf(folders);
    }

    private static List<String> inside(Collection<String> all, String folder) {
        String start = folder.isEmpty() ? "" : folder + "/";
        List<String> names = new ArrayList<>();
        for (String path : all) {
            if (path.startsWith(start) && path.indexOf('/', start.length()) < 0) {
                names.add(path.substring(start.length()));
            }
        }
        names.sort(null);
        return names;
    }

    /** Those of one folder; of several variants all. */
    private static Set<String> weights(
            String folder, List<String> names, Set<String> others, Reader reader)
            throws IOException {
        String start = folder.isEmpty() ? "" : folder + "/";
        Set<String> weights = new LinkedHashSet<>();
        for (WeightName found : WeightName.among(names)) {
            Optional<String> index = found.indices().stream().filter(names::contains).findFirst();
            if (index.isEmpty()) {
                weights.add(start + found.file());
                continue;
            }
            others.add(start + index.get());
            Set<String> shards = reader.names(start + index.get());
            if (shards.isEmpty()) { // What is wrong in it is said when it is opened.
                weights.add(start + index.get());
            }
            shards.forEach(shard -> weights.add(start + shard));
        }
        return weights;
    }

    private static boolean isCompanion(String path, List<String> folders) {
        int slash = path.lastIndexOf('/');
        String folder = slash < 0 ? "" : path.substring(0, slash);
        String name = path.substring(slash + 1);
        if (APART.matcher(folder.replaceFirst("/.*", "")).matches()
                || name.startsWith(".")
                || NEEDLESS.matcher(name).matches()) {
            return false;
        }
        return name.endsWith(".py")
                || ((folders.contains(folder) || folder.equals(TEMPLATES))
                        && COMPANION.matcher(name).matches());
    }

    /** Both kinds, small files first. */
    List<String> all() {
        List<String> all = new ArrayList<>(others);
        all.addAll(weights);
        return all;
    }
}
