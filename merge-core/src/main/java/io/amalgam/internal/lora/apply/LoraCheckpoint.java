package io.amalgam.internal.lora.apply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelScripts;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.layers.VocabularyKeys;
import io.amalgam.internal.lora.SparseChange;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.tokenizer.TokenizerOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A base model with adapters in it, as if it had been saved so: every tensor that an adapter
 * changes is computed while it is read, {@code W + sum of w s B A}, all others are the base's. What
 * is held is the factors of the tensors being read. Float32 values; whoever writes them rounds
 * them.
 *
 * <p>Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", <a
 * href="https://arxiv.org/abs/2106.09685">arXiv 2106.09685</a>.
 */
public final class LoraCheckpoint implements Checkpoint {

    private final Checkpoint base;
    private final List<WeightedAdapter> adapters;
    private final LoraBuilder built;
    private final Map<String, TensorSource> tensors;

    private LoraCheckpoint(Checkpoint base, List<WeightedAdapter> adapters, LoraBuilder built) {
        this.base = base;
        this.adapters = List.copyOf(adapters);
        this.built = built;
        this.tensors = Collections.unmodifiableMap(built.tensors());
    }

    /**
     * Puts adapters into a base. The result owns them all: closing it closes them; if something is
     * wrong they are closed at once.
     *
     * @param baseName what the user calls the base
     * @throws io.amalgam.error.BadInputException if an adapter's module or tensor matches nothing
     *     in the base, shapes do not fit, or the base is quantised: with every problem found
     */
    public static LoraCheckpoint over(
            Checkpoint base, String baseName, List<WeightedAdapter> adapters) throws IOException {
        try {
            return new LoraCheckpoint(base, adapters, new LoraBuilder(base, baseName, adapters));
        } catch (RuntimeException | Error e) {
            closeAll(base, adapters, e);
            throw e;
        }
    }

    private static void closeAll(
            Checkpoint base, List<WeightedAdapter> adapters, Throwable reason) {
        List<java.io.Closeable> all = new ArrayList<>(List.of(base));
        adapters.forEach(weighted -> all.add(weighted.adapter()));
        for (java.io.Closeable closeable : all) {
            try {
                closeable.close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
    }

    /** What every module of the adapters changes, in their order. */
    public List<LoraMatch> matches() {
        return built.matches();
    }

    @Override
    public List<Problem> warnings() {
        List<Problem> all = new ArrayList<>(base.warnings());
        all.addAll(built.warnings());
        built.vocabulary()
                .filter(v -> tokenizerHome().equals(base.tokenizerHome()))
                .ifPresent(v -> all.add(noTokenizer(v)));
        return List.copyOf(all);
    }

    @Override
    public Optional<Quantisation> quantisation() {
        return base.quantisation();
    }

    private static Problem noTokenizer(Resizing.Vocabulary vocabulary) {
        return Problem.expected(
                        "adapter '" + vocabulary.adapter().name() + "'",
                        "the tokenizer of its " + vocabulary.rows() + " tokens beside it",
                        "no tokenizer files")
                .hint("the base's are copied: add the tokenizer it was trained with");
    }

    @Override
    public Path path() {
        return base.path();
    }

    @Override
    public List<Path> places() {
        List<Path> places = new ArrayList<>(base.places());
        adapters.forEach(weighted -> places.add(weighted.adapter().path()));
        return places;
    }

    @Override
    public Map<String, TensorSource> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        return base.metadata();
    }

    /**
     * The base's; a head that an adapter makes differ from the embedding is no longer tied, and
     * tokens that an adapter adds are counted.
     */
    @Override
    public Optional<ObjectNode> config() {
        Optional<ObjectNode> config = base.config();
        if (built.unties()) {
            config.ifPresent(c -> TiedTensors.say(c, false));
        }
        built.vocabulary()
                .ifPresent(v -> config.ifPresent(c -> VocabularyKeys.set(c, v.rows(), v.before())));
        built.head().ifPresent(head -> config.ifPresent(head::say));
        return config;
    }

    @Override
    public ModelFacts facts() {
        Optional<ObjectNode> config = config();
        if (config.isPresent()) {
            return ModelFacts.of(config);
        }
        return built.unties() ? base.facts().tied(false) : base.facts();
    }

    /** The adapter's folder, where it has more or fewer tokens than the base and says which. */
    @Override
    public Path tokenizerHome() {
        return built.vocabulary()
                .map(v -> v.adapter().path())
                .filter(folder -> !tokenizerFiles(folder).isEmpty())
                .orElseGet(base::tokenizerHome);
    }

    @Override
    public Path tokenizerSource() {
        Path home = tokenizerHome();
        return home.equals(base.tokenizerHome()) ? base.tokenizerSource() : home;
    }

    private static List<Path> tokenizerFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(Path::getFileName)
                    .filter(TokenizerOutput::isTokenizerFile)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<Path> weightFiles() {
        List<Path> files = new ArrayList<>(base.weightFiles());
        adapters.forEach(weighted -> files.addAll(weighted.adapter().files()));
        return files;
    }

    @Override
    public List<Path> origins() {
        List<Path> files = new ArrayList<>(base.origins());
        adapters.forEach(weighted -> files.addAll(weighted.adapter().files()));
        return files;
    }

    @Override
    public long bytesPerReader(int elements) {
        boolean sparse =
                adapters.stream()
                        .flatMap(weighted -> weighted.adapter().changes().values().stream())
                        .anyMatch(SparseChange.class::isInstance);
        long decomposed =
                tensors.values().stream()
                        .filter(LoraTensor.class::isInstance)
                        .mapToLong(tensor -> ((LoraTensor) tensor).residualBytes())
                        .max()
                        .orElse(0);
        return base.bytesPerReader(elements)
                + decomposed
                + (sparse ? SparseChange.bytesHeld(elements) : 0);
    }

    @Override
    public ModuleFolders folders() {
        return base.folders();
    }

    @Override
    public List<Path> sideFiles() {
        Path tokenizer = tokenizerHome();
        if (tokenizer.equals(base.tokenizerHome())) {
            return base.sideFiles();
        }
        Path home = base.path().relativize(base.mainFolder());
        List<Path> files = new ArrayList<>(base.sideFiles());
        files.removeIf(file -> TokenizerOutput.isTokenizerFile(home.relativize(file)));
        tokenizerFiles(tokenizer).forEach(file -> files.add(home.resolve(file)));
        return files;
    }

    @Override
    public Path locate(Path sideFile) {
        Path home = base.path().relativize(base.mainFolder());
        Path name = home.relativize(sideFile);
        Path tokenizer = tokenizerHome();
        boolean own =
                !tokenizer.equals(base.tokenizerHome()) && TokenizerOutput.isTokenizerFile(name);
        return own ? tokenizer.resolve(name) : base.locate(sideFile);
    }

    @Override
    public ModelScripts scripts() {
        return base.scripts();
    }

    @Override
    public Optional<Map<String, TensorSource>> serverState() {
        return base.serverState();
    }

    /** The factors of the largest tensors, as many as are held at a time. */
    @Override
    public long sharedBytes() {
        return built.expertBytes()
                + tensors.values().stream()
                        .filter(LoraTensor.class::isInstance)
                        .map(tensor -> ((LoraTensor) tensor).factorBytes())
                        .sorted(Comparator.reverseOrder())
                        .limit(LoraBuilder.HELD)
                        .mapToLong(bytes -> bytes)
                        .sum();
    }

    @Override
    public void close() throws IOException {
        IOException failure = new IOException("closing");
        closeAll(base, adapters, failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }
}
