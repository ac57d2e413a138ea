package io.amalgam.internal.formats.files;

import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.OutputFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The name of a model's weights in a directory: of the one file, of shards, of their index. The
 * only list of such names.
 *
 * <p>A variant, such as {@code fp16}, stands behind the stem: {@code
 * diffusion_pytorch_model.fp16.safetensors}, {@code model.fp16-00001-of-00002.safetensors}; in an
 * index's name before {@code json}: {@code model.safetensors.index.fp16.json}.
 *
 * @param stem {@code model}, {@code diffusion_pytorch_model}
 * @param variant empty for the usual weights
 * @param extension {@code safetensors} or {@code bin}
 */
public record WeightName(String stem, String variant, String extension) {
    private static final String SAFETENSORS = "safetensors";
    private static final String DIFFUSERS = "diffusion_pytorch_model";

    /** Those without a variant, the preferred first. */
    private static final List<WeightName> USUAL =
            List.of(
                    new WeightName(ModuleFolders.MODEL, "", SAFETENSORS),
                    new WeightName("pytorch_model", "", "bin"),
                    new WeightName(DIFFUSERS, "", SAFETENSORS),
                    new WeightName(DIFFUSERS, "", "bin"));

    private static final Pattern FILE =
            Pattern.compile(
                    "(model|pytorch_model|"
                            + DIFFUSERS
                            + ")(?:\\.([A-Za-z0-9_]+))?(-\\d+-of-\\d+(?:\\.[A-Za-z0-9_]+)?)?"
                            + "\\.(safetensors|bin)(?:\\.index(?:\\.([A-Za-z0-9_]+))?\\.json)?");

    /** The weights an output of this name has: those of PyTorch become safetensors. */
    public WeightName written() {
        return new WeightName(
                stem.equals("pytorch_model") ? ModuleFolders.MODEL : stem, variant, SAFETENSORS);
    }

    /** What {@link #base()} gave, as an output's weights. */
    public static WeightName ofBase(String base) {
        int dot = base.indexOf('.');
        return dot < 0
                ? new WeightName(base, "", SAFETENSORS)
                : new WeightName(base.substring(0, dot), base.substring(dot + 1), SAFETENSORS);
    }

    /** Stem and variant: the single file's name without its extension. */
    public String base() {
        return variant.isEmpty() ? stem : stem + "." + variant;
    }

    /** Of the one file that holds all tensors. */
    public String file() {
        return base() + "." + extension;
    }

    /** Of a shard, counted from 1. */
    public String shard(int number, int shards) {
        return String.format(Locale.ROOT, "%s-%05d-of-%05d.%s", base(), number, shards, extension);
    }

    /** Of the index of shards. */
    public String index() {
        String end = variant.isEmpty() ? ".index.json" : ".index." + variant + ".json";
        return stem + "." + extension + end;
    }

    /** Names that an index may have: other tools put the variant elsewhere. */
    public List<String> indices() {
        return variant.isEmpty() ? List.of(index()) : List.of(index(), file() + ".index.json");
    }

    /** Whether a file's name is one of weights or of their index. */
    public static boolean isWeights(String name) {
        return FILE.matcher(name).matches() || name.equals(OutputFormat.STATE_FILE);
    }

    /** Those present in a directory, the one to read first; links to nothing count. */
    public static List<WeightName> in(Path directory) throws IOException {
        return among(names(directory));
    }

    /** Those that files of one directory have, by their names; the one to read first. */
    public static List<WeightName> among(List<String> names) {
        for (WeightName usual : USUAL) {
            if (usual.isAmong(names)) {
                return List.of(usual);
            }
        }
        Set<WeightName> variants = new LinkedHashSet<>();
        for (String extension : List.of(SAFETENSORS, "bin")) {
            names.stream()
                    .flatMap(name -> variant(name).stream())
                    .filter(found -> found.extension.equals(extension) && found.isAmong(names))
                    .forEach(variants::add);
            if (!variants.isEmpty()) {
                break;
            }
        }
        return List.copyOf(variants);
    }

    private boolean isAmong(List<String> names) {
        return Stream.concat(indices().stream(), Stream.of(file())).anyMatch(names::contains);
    }

    private static Optional<WeightName> variant(String name) {
        Matcher matcher = FILE.matcher(name);
        if (!matcher.matches() || matcher.group(3) != null) {
            return Optional.empty();
        }
        String variant = matcher.group(2) != null ? matcher.group(2) : matcher.group(5);
        return variant == null
                ? Optional.empty()
                : Optional.of(new WeightName(matcher.group(1), variant, matcher.group(4)));
    }

    private static List<String> names(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (Stream<Path> entries = Files.list(directory)) {
                entries.forEach(entry -> names.add(entry.getFileName().toString()));
            }
        }
        names.sort(null);
        return names;
    }
}
