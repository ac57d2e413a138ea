package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.internal.formats.huggingface.HuggingFaceOutput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes a model as one GGUF file, with its tokenizer, for llama.cpp and what is built on it. */
public final class GgufOutput implements OutputFormat {
    private static final String ENDING = ".gguf";

    private final String file;
    private final Optional<String> title;
    private final Optional<String> pre;

    /** For {@link java.util.ServiceLoader}. */
    public GgufOutput() {
        this("model" + ENDING, Optional.empty(), Optional.empty());
    }

    private GgufOutput(String file, Optional<String> title, Optional<String> pre) {
        this.file = file;
        this.title = title;
        this.pre = pre;
    }

    /** The same format for a model of a name. */
    public GgufOutput titled(String name) {
        return new GgufOutput(file, Optional.of(name), pre);
    }

    /** The same format, where the rule that splits text has this name. */
    public GgufOutput splitting(String rule) {
        return new GgufOutput(file, title, Optional.of(rule));
    }

    /** What a model is called by the name of its folder or file. */
    public static String title(String model) {
        String name = model.replace('\\', '/');
        while (name.endsWith("/")) {
            name = name.substring(0, name.length() - 1);
        }
        return ModelName.title(base(name.substring(name.lastIndexOf('/') + 1)));
    }

    @Override
    public String name() {
        return "gguf";
    }

    @Override
    public CheckpointFormat reader() {
        return new GgufFormat();
    }

    @Override
    public boolean writes(Path out) {
        return out.toString().endsWith(ENDING);
    }

    @Override
    public boolean isFile() {
        return true;
    }

    @Override
    public OutputFormat to(Path out) {
        return new GgufOutput(String.valueOf(out.getFileName()), title, pre);
    }

    @Override
    public List<String> quantisedTypes() {
        return FileTypes.names();
    }

    @Override
    public Optional<String> ownType() {
        return Optional.of(FileTypes.OWN);
    }

    @Override
    public QuantisedWeights quantise(
            String type, List<Weight> weights, Checkpoint donor, Map<String, Checkpoint> models) {
        ObjectNode config =
                donor.config()
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.expected(
                                                                "model '" + donor.path() + "'",
                                                                "a config.json, which GGUF is made from",
                                                                "none")
                                                        .hint(
                                                                "put the model's config.json and tokenizer beside its weights")));
        GgufArchitecture architecture = architecture(config);
        UnfitSettings.require(architecture, config);
        Map<String, Quantiser> stored = StoredTensors.of(architecture, config, type, weights);
        return new QuantisedWeights(
                stored, Optional.empty(), FileTypes.unfit(type, stored.values()));
    }

    private static GgufArchitecture architecture(ObjectNode config) {
        String type = config.path("model_type").asText("");
        return GgufArchitecture.ofModelType(type)
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "'model_type' of config.json",
                                                        "one of " + GgufArchitecture.known(),
                                                        type.isEmpty() ? "none" : "'" + type + "'")
                                                .hint(
                                                        "write a folder, and convert it with a tool that knows the architecture")));
    }

    /**
     * One file: keys, then the tensors in the order given, each at a multiple of 32 bytes.
     *
     * @throws BadInputException if the configuration or the tokenizer cannot be expressed
     */
    @Override
    public OutputLayout layout(OutputModel model, LayoutOptions options) {
        ObjectNode config = model.config().orElseThrow();
        GgufArchitecture architecture = architecture(config);
        String name = title.orElseGet(() -> ModelName.title(base(file)));
        WrittenDataLayout data = WrittenDataLayout.of(architecture, config, model.tensors());
        KeyList keys = new KeyList();
        keys.text("general.architecture", architecture.gguf());
        keys.text("general.type", "model");
        keys.text("general.name", name);
        keys.text("general.size_label", data.sizeLabel(config));
        ConfigKeys.add(architecture, config, FileTypes.number(model.tensors()), keys);
        keys.whole("general.quantization_version", 2);
        TokenizerFiles files = new TokenizerFiles(model);
        CopiedTokenizer.of(files)
                .ifPresentOrElse(
                        copied -> copied.values().forEach(keys::put),
                        () -> TokenizerKeys.add(architecture, config, files, pre, keys));
        byte[] header = data.header(keys.metadata());
        List<Placement> placements = new ArrayList<>();
        data.offsets().forEach(offset -> placements.add(new Placement(0, header.length + offset)));
        byte[] begin = data.withMade(header);
        return new OutputLayout(
                List.of(new DataFile(file, begin, header.length + data.bytes())),
                placements,
                List.of());
    }

    private static String base(String file) {
        return file.endsWith(ENDING) ? file.substring(0, file.length() - ENDING.length()) : file;
    }

    @Override
    public List<String> layerFacts(
            ObjectNode config, Optional<ConfigChanges.Stack> stack, int layers) {
        return new HuggingFaceOutput().layerFacts(config, stack, layers);
    }

    @Override
    public ObjectNode config(ObjectNode donorConfig, ConfigChanges changes) {
        return new HuggingFaceOutput().config(donorConfig, changes);
    }

    @Override
    public List<Problem> unchanged(ObjectNode donorConfig, ConfigChanges changes) {
        List<Problem> all =
                new ArrayList<>(new HuggingFaceOutput().unchanged(donorConfig, changes));
        GgufArchitecture.ofModelType(donorConfig.path("model_type").asText(""))
                .ifPresent(a -> all.addAll(UnfitSettings.warnings(a, donorConfig)));
        return all;
    }
}
