package io.amalgam.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A writer of a checkpoint format. Implementations are found with {@link java.util.ServiceLoader};
 * they are stateless and thread-safe.
 */
public interface OutputFormat {
    /** Name of the file with the state of a stateful merge method, next to a model's weights. */
    String STATE_FILE = "server-state.safetensors";

    /** A short lower-case name: {@code huggingface}, {@code safetensors}. */
    String name();

    /** The reader of this format. */
    CheckpointFormat reader();

    /** Whether a path that is to be written is this format's, by its name alone. */
    default boolean writes(Path out) {
        return false;
    }

    /** Whether an output is one file, not a directory. */
    default boolean isFile() {
        return false;
    }

    /** The same format for an output, of which it may use the name. */
    default OutputFormat to(Path out) {
        return this;
    }

    /** Lays out the files of an output. */
    OutputLayout layout(OutputModel model, LayoutOptions options);

    /**
     * The files that describe a merged model, made from the donor's, such as {@code config.json}.
     * They belong to the main model's folder.
     *
     * @param donorConfig the donor's {@code config.json}
     * @return empty for formats without such files
     */
    default List<OutputLayout.SmallFile> modelFiles(ObjectNode donorConfig, ConfigChanges changes) {
        return List.of();
    }

    /**
     * Files in a directory that readers of this format take for weights, shard indices included.
     * They must be removed before another model's weights are written there.
     *
     * @return paths relative to {@code directory}
     */
    default List<Path> weightFilesIn(Path directory) throws IOException {
        return List.of();
    }

    /**
     * Files in a directory that readers of this format take for the description of a model:
     * configuration, tokenizer. They are removed if another model replaces it.
     *
     * @return paths relative to {@code directory}
     */
    default List<Path> sideFilesIn(Path directory) throws IOException {
        return List.of();
    }

    /** The donor's configuration with the changes applied, as {@link #modelFiles} writes it. */
    default ObjectNode config(ObjectNode donorConfig, ConfigChanges changes) {
        return donorConfig;
    }

    /**
     * The kinds of a stack's layers by the configuration: equal texts mean equal settings.
     *
     * @param stack one of several; empty if the model has one
     * @param layers number of layers
     * @return a text for each layer; empty for formats without configuration
     */
    default List<String> layerFacts(
            ObjectNode config, Optional<ConfigChanges.Stack> stack, int layers) {
        return List.of();
    }

    /**
     * Warnings about changes of the merge that {@link #modelFiles} cannot express in the
     * configuration.
     */
    default List<Problem> unchanged(ObjectNode donorConfig, ConfigChanges changes) {
        return List.of();
    }

    /** Names of the supported quantised types, as used in recipes. */
    default List<String> quantisedTypes() {
        return List.of();
    }

    /** The default type for {@link #quantise}; empty for formats that store weights unchanged. */
    default Optional<String> ownType() {
        return Optional.empty();
    }

    /**
     * Chooses quantisers for the weights of a model.
     *
     * @param type {@link #ownType()}, or one of {@link #quantisedTypes()}
     * @param weights of the output
     * @param donor of the output's configuration
     * @param models all merged models, by the users' names
     * @throws io.amalgam.error.BadInputException if the type does not suit the model
     */
    default QuantisedWeights quantise(
            String type, List<Weight> weights, Checkpoint donor, Map<String, Checkpoint> models) {
        return new QuantisedWeights(Map.of(), Optional.empty());
    }

    /**
     * A weight of an output.
     *
     * @param dense as it would be without quantisation
     * @param copied the input whose values it has unchanged; empty if it is computed
     */
    record Weight(TensorInfo dense, Optional<TensorSource> copied) {}

    /**
     * Weights to write as codes and scales.
     *
     * @param quantisers by names of the dense tensors; tensors without one stay dense
     * @param settings what the configuration says of it
     * @param warnings what is not as it was asked for
     */
    record QuantisedWeights(
            Map<String, Quantiser> quantisers,
            Optional<ObjectNode> settings,
            List<Problem> warnings) {
        public QuantisedWeights {
            quantisers = Map.copyOf(quantisers);
            warnings = List.copyOf(warnings);
        }

        /** Weights that are all as they were asked for. */
        public QuantisedWeights(Map<String, Quantiser> quantisers, Optional<ObjectNode> settings) {
            this(quantisers, settings, List.of());
        }
    }

    /**
     * @param maxShardBytes tensor bytes after which a new file begins; 0 for a single file
     * @param metadata free-form, stored with the tensors
     * @param folders where the parts of the model go, for formats of directories
     */
    record LayoutOptions(long maxShardBytes, Map<String, String> metadata, ModuleFolders folders) {
        public LayoutOptions {
            metadata = Map.copyOf(metadata);
        }

        /** A model that lies in its directory. */
        public LayoutOptions(long maxShardBytes, Map<String, String> metadata) {
            this(maxShardBytes, metadata, ModuleFolders.NONE);
        }
    }

    /**
     * A model to write, as a format sees it before it lays out files.
     *
     * @param tensors in the order they are written
     * @param config the configuration with its changes; empty where there is none
     * @param tokenizer where its tokenizer is from; empty where there is none
     * @param copied files beside it that are copies, by their names
     * @param made files beside it that are made: an edited tokenizer
     */
    record OutputModel(
            List<TensorInfo> tensors,
            Optional<ObjectNode> config,
            Optional<Path> tokenizer,
            Map<String, Path> copied,
            List<OutputLayout.SmallFile> made) {
        public OutputModel {
            tensors = List.copyOf(tensors);
            copied = Map.copyOf(copied);
            made = List.copyOf(made);
        }

        /** Tensors alone. */
        public static OutputModel of(List<TensorInfo> tensors) {
            return new OutputModel(
                    tensors, Optional.empty(), Optional.empty(), Map.of(), List.of());
        }
    }
}
