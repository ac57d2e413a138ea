package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Stack;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.quantising.QuantisedOutput;
import io.amalgam.internal.formats.safetensors.SafetensorsOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes model directories: weights as safetensors, {@code config.json}, an index for shards. */
public final class HuggingFaceOutput implements OutputFormat {
    private static final String CONFIG = "config.json";

    @Override
    public String name() {
        return "huggingface";
    }

    @Override
    public CheckpointFormat reader() {
        return new HuggingFaceFormat();
    }

    /**
     * One {@code model.safetensors}, or shards and an index, by the donor's name for them. Tensors
     * are assigned to shards in the order given: a shard is closed when the next tensor would take
     * it beyond the limit; a tensor that is larger than the limit has a shard to itself. Of a model
     * in parts, each part's tensors lie in its folder: see {@link PartLayout}.
     */
    @Override
    public OutputLayout layout(OutputModel model, LayoutOptions options) {
        Map<String, String> metadata = SafetensorsOutput.withFormat(options.metadata());
        return PartLayout.of(model.tensors(), options.maxShardBytes(), metadata, options.folders());
    }

    @Override
    public List<String> quantisedTypes() {
        return QuantisedOutput.types();
    }

    @Override
    public QuantisedWeights quantise(
            String type, List<Weight> weights, Checkpoint donor, Map<String, Checkpoint> models) {
        return QuantisedOutput.of(type, weights, donor, models);
    }

    /** The patched {@code config.json}: see {@link ConfigPatch}. */
    @Override
    public List<OutputLayout.SmallFile> modelFiles(ObjectNode donorConfig, ConfigChanges changes) {
        return List.of(
                new OutputLayout.SmallFile(
                        CONFIG, ConfigPatch.bytes(config(donorConfig, changes))));
    }

    @Override
    public List<Path> weightFilesIn(Path directory) throws IOException {
        List<Path> files = new ArrayList<>(new SafetensorsOutput().weightFilesIn(directory));
        for (Path folder : SideFiles.partsIn(directory)) {
            for (Path file : new SafetensorsOutput().weightFilesIn(directory.resolve(folder))) {
                files.add(folder.resolve(file));
            }
        }
        return files;
    }

    @Override
    public List<Path> sideFilesIn(Path directory) throws IOException {
        List<Path> files = new ArrayList<>(SideFiles.unmistakable(directory));
        if (Files.isRegularFile(directory.resolve(CONFIG))) {
            files.add(Path.of(CONFIG));
        }
        return files;
    }

    /** A number of layers that is nowhere to be found, and patterns the new order breaks. */
    @Override
    public List<Problem> unchanged(ObjectNode donorConfig, ConfigChanges changes) {
        List<Problem> problems = new ArrayList<>();
        changes.layers().forEach(layers -> unchanged(donorConfig, layers, problems));
        return problems;
    }

    private static void unchanged(ObjectNode config, LayerChange layers, List<Problem> problems) {
        if (layers.sources().size() != layers.oldCount()
                && ConfigPatch.layerCountKeys(config, layers).isEmpty()
                && !ConfigPatch.isCountedByList(config, layers)) {
            problems.add(
                    Problem.of(
                                    "config.json has no number of "
                                            + layers.stack()
                                                    .map(stack -> "'" + stack.name() + "' ")
                                                    .orElse("")
                                            + "layers that could be changed from "
                                            + layers.oldCount()
                                            + " to "
                                            + layers.sources().size())
                            .hint("set it in the output's config.json"));
        }
        problems.addAll(ConfigPatch.lostWindows(config, layers));
        for (String key : ConfigPatch.broken(config, layers)) {
            problems.add(
                    Problem.of(
                                    "'"
                                            + key
                                            + "' in config.json says which layers are of which kind, and is not true of the new order")
                            .hint(
                                    "choose ranges that keep the order of kinds, or change the output's config.json"));
        }
        for (String key : ConfigPatch.mentions(config, layers)) {
            if (LayerKeys.role(key.substring(key.lastIndexOf('.') + 1))
                    == LayerKeys.Role.BY_DEPTH) {
                problems.add(
                        Problem.of(
                                        "by '"
                                                + key
                                                + "' in config.json, what a layer computes depends on its number")
                                .hint("layers in new places compute something else than before"));
                continue;
            }
            problems.add(
                    Problem.of(
                                    "'"
                                            + key
                                            + "' in config.json may speak of single layers, and is left as it is")
                            .hint("see whether it is true of the output's layers"));
        }
    }

    @Override
    public List<String> layerFacts(ObjectNode config, Optional<Stack> stack, int layers) {
        return ConfigPatch.facts(config, stack, layers);
    }

    @Override
    public ObjectNode config(ObjectNode donorConfig, ConfigChanges changes) {
        return ConfigPatch.patch(donorConfig, changes);
    }
}
