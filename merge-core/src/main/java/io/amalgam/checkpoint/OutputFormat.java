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
 * A way checkpoints are stored, to be written. Implementations are found with {@link
 * java.util.ServiceLoader}; they are stateless and safe for concurrent use.
 */
public interface OutputFormat {
    /**
     * The name of the file beside a model's weights that holds what a merge method keeps for its
     * next merge.
     */
    String STATE_FILE = "server-state.safetensors";

    /** A short lower-case name: {@code huggingface}, {@code safetensors}. */
    String name();

    /** The format that reads what this one wrote. */
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
     * The files that describe a merged model beside its weights, made from the donor's. They belong
     * to the model proper's folder.
     *
     * @param donorConfig the donor's {@code config.json}
     * @return nothing for formats without such files
     */
    default List<OutputLayout.SmallFile> modelFiles(ObjectNode donorConfig, ConfigChanges changes) {
        return List.of();
    }

    /**
     * Files in a directory that readers of this format would take for weights, shard indices
     * included: what must not stay beside the weights of another model.
     *
     * @return paths relative to {@code directory}
     */
    default List<Path> weightFilesIn(Path directory) throws IOException {
        return List.of();
    }

    /**
     * Files in a directory that readers of this format would take for a description of the model
     * there: configuration, tokenizer. A model that replaces it takes them away.
     *
     * @return paths relative to {@code directory}
     */
    default List<Path> sideFilesIn(Path directory) throws IOException {
        return List.of();
    }

    /** The donor's configuration with the changes made, as {@link #modelFiles} writes it. */
    default ObjectNode config(ObjectNode donorConfig, ConfigChanges changes) {
        return donorConfig;
    }

    /**
     * What a configuration says of each layer of a stack: of layers with equal texts it says the
     * same.
     *
     * @param stack which of several; empty where the model has one
     * @param layers how many it has
     * @return a text for each layer; nothing for formats without configurations
     */
    default List<String> layerFacts(
            ObjectNode config, Optional<ConfigChanges.Stack> stack, int layers) {
        return List.of();
    }

    /**
     * What {@link #modelFiles} cannot change in the donor's configuration although the merge does:
     * warnings.
     */
    default List<Problem> unchanged(ObjectNode donorConfig, ConfigChanges changes) {
        return List.of();
    }

    /** What weights can be quantised to, by the names recipes use. */
    default List<String> quantisedTypes() {
        return List.of();
    }

    /**
     * What {@link #quantise} is given where nobody says a type; empty for formats that store
     * weights as they are.
     */
    default Optional<String> ownType() {
        return Optional.empty();
    }

    /**
     * How the weights of a model are quantised.
     *
     * @param type {@link #ownType()}, or one of {@link #quantisedTypes()}
     * @param weights of the output
     * @param donor whose configuration the output gets
     * @param models all that are merged, by the names users have for them
     * @throws io.amalgam.error.BadInputException if that cannot be
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
     * Weights that are written as codes and scales.
     *
     * @param quantisers by the names of the dense tensors; what is not there stays dense
     * @param settings what the configuration says of it
     */
    record QuantisedWeights(Map<String, Quantiser> quantisers, Optional<ObjectNode> settings) {
        public QuantisedWeights {
            quantisers = Map.copyOf(quantisers);
        }
    }

    /**
     * @param maxShardBytes size at which a new file is begun, counted over tensor bytes; 0 for one
     *     file
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
     * A model that is to be written, as a format sees it before it lays out any file.
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
