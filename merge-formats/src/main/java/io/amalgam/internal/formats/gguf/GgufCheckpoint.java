package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelScripts;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An open GGUF file, or the parts of one, as the Hugging Face model that it was made from. */
final class GgufCheckpoint implements Checkpoint {
    private final Path path;
    private final String name;
    private final GgufParts parts;
    private final StoredTypes types;
    private final Companions companions;
    private final Optional<TokenizerFolder> tokenizer;
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
    private final List<Problem> warnings = new ArrayList<>();
    private @Nullable ObjectNode config;
    private List<Problem> missing = List.of();

    private GgufCheckpoint(Path path, GgufParts parts, String name) throws IOException {
        this.path = path;
        this.name = name;
        this.companions = Companions.of(path);
        this.parts = parts;
        this.tokenizer =
                HeldTokenizer.isIn(parts.metadata()) && !companions.haveTokenizer()
                        ? Optional.of(new TokenizerFolder(parts.paths().get(0)))
                        : Optional.empty();
        this.types = StoredTypes.of(parts.tensors().values());
    }

    /**
     * @param path what is named: the file or its folder
     * @param file the file, or the first part
     * @param name what the user calls it
     */
    static GgufCheckpoint open(Path path, Path file, String name) throws IOException {
        GgufParts parts = GgufParts.open(file);
        try {
            GgufCheckpoint checkpoint = new GgufCheckpoint(path, parts, name);
            checkpoint.translate(file);
            return checkpoint;
        } catch (IOException | RuntimeException | Error e) {
            try (parts) {
                throw e;
            }
        }
    }

    private void translate(Path file) throws IOException {
        String said = FileKind.architecture(parts.metadata(), file);
        Optional<GgufArchitecture> architecture =
                GgufArchitecture.ofFile(
                        said,
                        parts.metadata().whole(said + ".expert_count").orElse(0) > 0,
                        parts.tensors().containsKey("token_types.weight"),
                        parts.metadata().text("tokenizer.ggml.model").orElse(""));
        if (architecture.isEmpty()) {
            warnings.add(unknown(said, name));
            parts.tensors()
                    .forEach(
                            (tensor, stored) ->
                                    tensors.put(
                                            tensor,
                                            DenseTensor.plain(
                                                    stored.stored(name), tensor, types.compute())));
            return;
        }
        GgufArchitecture named = companions.architecture(architecture.get(), path);
        DType type =
                types.quantisation().isPresent()
                        ? companions.compute().orElse(types.compute())
                        : types.compute();
        List<Problem> problems = new ArrayList<>();
        GgufModel model = new GgufModel(named, parts.metadata(), type, name, problems);
        tensors.putAll(model.of(parts.tensors().values()));
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        GgufConfig made =
                companions.config().isPresent()
                        ? new GgufConfig(
                                Companions.withType(companions.config().get(), type), List.of())
                        : GgufConfig.of(named, parts.metadata(), parts.tensors(), type, name);
        config = made.config();
        missing = made.missing();
    }

    /** The tokenizer in the file, if it can be written as the files of a Hugging Face model. */
    private Optional<TokenizerFolder> held() {
        return tokenizer.filter(folder -> folder.unfit().isEmpty());
    }

    /** What an output lacks that gets its tokenizer from here. */
    private static Problem unfit(String why, String name) {
        return Problem.of(
                        "the tokenizer of GGUF model '"
                                + name
                                + "' cannot be written as tokenizer.json, and the output gets none: "
                                + why)
                .hint(
                        "name a Hugging Face model of the same vocabulary in 'tokenizer: {source: ...}', or copy its tokenizer files");
    }

    private static Problem unknown(String architecture, String name) {
        return Problem.expected(
                        "architecture of model '" + name + "'",
                        "one of " + GgufArchitecture.knownFiles(),
                        "'" + architecture + "'")
                .hint(
                        "its tensors keep the names and the order that GGUF gives them, and it has no config.json");
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public long bytesPerReader(int elements) {
        return parts.tensors().values().stream()
                .mapToLong(stored -> TensorEncoding.bytesHeld(stored.type().dtype(), elements))
                .max()
                .orElse(0);
    }

    @Override
    public Map<String, TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Optional<ObjectNode> config() {
        return Optional.ofNullable(config).map(ObjectNode::deepCopy);
    }

    @Override
    public ModelScripts scripts() {
        List<Problem> ofTokenizer =
                tokenizer.flatMap(TokenizerFolder::unfit).map(why -> unfit(why, name)).stream()
                        .toList();
        return new ModelScripts(List.of(), missing, ofTokenizer);
    }

    @Override
    public List<Problem> warnings() {
        return Collections.unmodifiableList(warnings);
    }

    @Override
    public List<Path> weightFiles() {
        return parts.paths();
    }

    @Override
    public List<Path> sideFiles() {
        List<Path> files = new ArrayList<>(companions.files());
        held().ifPresent(made -> files.addAll(TokenizerFolder.FILES));
        return files;
    }

    /** Where files with the tokenizer are: made of the file's keys, unless they lie beside it. */
    @Override
    public Path tokenizerHome() {
        return held().map(TokenizerFolder::path).orElseGet(this::mainFolder);
    }

    @Override
    public Path tokenizerSource() {
        return tokenizer.map(TokenizerFolder::file).orElseGet(this::mainFolder);
    }

    @Override
    public Path locate(Path sideFile) {
        return TokenizerFolder.FILES.contains(sideFile) && held().isPresent()
                ? tokenizerHome().resolve(sideFile)
                : path.resolve(sideFile);
    }

    @Override
    public Optional<Quantisation> quantisation() {
        return types.quantisation();
    }

    @Override
    public void close() throws IOException {
        try (parts) {
            if (tokenizer.isPresent()) {
                tokenizer.get().close();
            }
        }
    }
}
