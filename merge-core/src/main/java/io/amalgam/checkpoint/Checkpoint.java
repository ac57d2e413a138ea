package io.amalgam.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An open model: its tensors, configuration and other files. Opening reads headers only; tensor
 * data is read on demand. Thread-safe until closed.
 */
public interface Checkpoint extends Closeable {
    /** The directory or file of the model. */
    Path path();

    /** All paths it was opened from: {@link #path()}, and others if it combines several models. */
    default List<Path> places() {
        return List.of(path());
    }

    /** The tensors by name, in the order the files hold them. */
    Map<String, ? extends TensorSource> tensors();

    /** Free-form metadata stored with the tensors; may be empty. */
    default Map<String, String> metadata() {
        return Map.of();
    }

    /** A copy of the model's {@code config.json}; empty for a single weights file. */
    default Optional<ObjectNode> config() {
        return Optional.empty();
    }

    /**
     * What it says of itself beside its tensors. Default: what {@link #config()} says. A format
     * without such a configuration gives its own.
     */
    default ModelFacts facts() {
        return ModelFacts.of(config());
    }

    /** Warnings about its files, such as unknown settings; reported before a merge. */
    default List<Problem> warnings() {
        return List.of();
    }

    /** All files with tensor data; they must not be overwritten. */
    List<Path> weightFiles();

    /**
     * Files that a merged model gets from its donor: tokenizer, generation settings, preprocessing.
     * Relative to {@link #path()}; empty for a single weights file.
     */
    default List<Path> sideFiles() {
        return List.of();
    }

    /** The code files among its side files. */
    default ModelScripts scripts() {
        return ModelScripts.NONE;
    }

    /** The folders of its modules, if it is stored in several. */
    default ModuleFolders folders() {
        return ModuleFolders.NONE;
    }

    /** The directory of its configuration and tokenizer: {@link #path()}, or a folder there. */
    default Path mainFolder() {
        return folders().mainFolder().isEmpty() ? path() : path().resolve(folders().mainFolder());
    }

    /** The directory of its tokenizer: {@link #mainFolder()}, unless that is another model's. */
    default Path tokenizerHome() {
        return mainFolder();
    }

    /**
     * What an output takes the tokenizer from: {@link #tokenizerHome()}, or a weights file that
     * holds it in its own form.
     */
    default Path tokenizerSource() {
        return tokenizerHome();
    }

    /**
     * The location of a side file.
     *
     * @param sideFile one of {@link #sideFiles()}
     */
    default Path locate(Path sideFile) {
        return path().resolve(sideFile);
    }

    /**
     * The state of a federated method, if it is not yet a file. If empty, the state is that in
     * {@link OutputFormat#STATE_FILE} in {@link #path()}, if the file exists.
     */
    default Optional<Map<String, TensorSource>> serverState() {
        return Optional.empty();
    }

    /**
     * What is known of its tensors beside their values, for methods that read it: {@code
     * <tensor>.<name>}, such as {@code fc1.weight.fisher}. Files they are in are among {@link
     * #weightFiles()}.
     */
    default Map<String, ? extends TensorSource> statistics() {
        return Map.of();
    }

    /**
     * Bytes that reading its tensors may hold beside the reader's buffers, whatever their number.
     */
    default long sharedBytes() {
        return 0;
    }

    /**
     * The original files of the tensors' values. They differ from {@link #weightFiles()} if those
     * are intermediate results.
     */
    default List<Path> origins() {
        return weightFiles();
    }

    /**
     * Bytes that each reader holds to compute tensors during reading, in addition to its workspace,
     * for reads of up to {@code elements} elements.
     */
    default long bytesPerReader(int elements) {
        return 0;
    }

    /** Work to do before its tensors are read, in order. Default: none. */
    default List<Preparation> preparations() {
        return List.of();
    }

    /** The quantisation of its weights; empty if they are dense. */
    default Optional<Quantisation> quantisation() {
        return Optional.empty();
    }

    /**
     * A quantisation of weights.
     *
     * @param name for messages: {@code NF4, double quantisation}
     * @param readable whether {@link #tensors()} returns dense weights; otherwise tensors as stored
     * @param rescaled whether scales were moved between tensors, so that single tensors of two such
     *     models must not be combined
     * @param weights names of the dense tensors that are stored as codes
     * @param settings from the configuration; empty if it has none
     */
    record Quantisation(
            String name,
            boolean readable,
            boolean rescaled,
            Set<String> weights,
            Optional<ObjectNode> settings) {
        public Quantisation {
            weights = Set.copyOf(weights);
        }

        /** A quantisation without further details. */
        public Quantisation(String name, boolean readable, boolean rescaled) {
            this(name, readable, rescaled, Set.of(), Optional.empty());
        }
    }

    /**
     * What a merge wants to know of a model beside its tensors.
     *
     * @param known whether anything is said at all
     * @param type of the model, such as {@code llama}; empty if it is not said
     * @param types of the model and of all its parts
     * @param architecture the class of the model; empty if it is not said
     * @param tied whether head and embedding are one tensor, where that is said
     * @param alwaysTied whether models of the type tie what is not in their files, whatever is said
     * @param vocabulary tokens of the language model; -1 if it is not said
     * @param layers of the language model; -1 if it is not said
     * @param ownLayers those of them that have projections of their own; the last ones may share
     *     those of earlier layers; -1 if it is not said
     * @param behind by the number of layers in the files: how many of them are behind the model's
     *     own
     */
    record ModelFacts(
            boolean known,
            String type,
            Set<String> types,
            String architecture,
            Optional<Boolean> tied,
            boolean alwaysTied,
            long vocabulary,
            long layers,
            long ownLayers,
            Map<Long, Integer> behind) {
        /** What is known of a bare file of weights. */
        public static final ModelFacts NONE =
                new ModelFacts(
                        false, "", Set.of(), "", Optional.empty(), false, -1, -1, -1, Map.of());

        public ModelFacts {
            types = Set.copyOf(types);
            behind = Map.copyOf(behind);
        }

        /** Those that a {@code config.json} says. */
        public static ModelFacts of(Optional<ObjectNode> config) {
            return config.map(ModelFacts::of).orElse(NONE);
        }

        /** Those that a {@code config.json} says. */
        public static ModelFacts of(ObjectNode config) {
            return ConfigFacts.of(config);
        }

        /** The same of a model whose head is a tensor of its own, or is not. */
        public ModelFacts tied(boolean one) {
            return new ModelFacts(
                    known,
                    type,
                    types,
                    architecture,
                    Optional.of(one),
                    alwaysTied,
                    vocabulary,
                    layers,
                    ownLayers,
                    behind);
        }

        /** Whether head and embedding are one tensor; also where nothing is said. */
        public boolean ties() {
            return alwaysTied || tied.orElse(true);
        }
    }

    /**
     * What is known of the code that comes with a model: Python files that its settings name. They
     * are among its side files, and never run.
     *
     * @param tokenizer those that are its tokenizer's, with files that they name: they go where the
     *     tokenizer goes. Relative to the model's directory
     * @param missing what settings other than the tokenizer's name and is not there: warnings for
     *     an output that gets them
     * @param missingOfTokenizer the same of the tokenizer's settings
     */
    record ModelScripts(
            List<Path> tokenizer, List<Problem> missing, List<Problem> missingOfTokenizer) {
        /** No code files. */
        public static final ModelScripts NONE = new ModelScripts(List.of(), List.of(), List.of());

        public ModelScripts {
            tokenizer = List.copyOf(tokenizer);
            missing = List.copyOf(missing);
            missingOfTokenizer = List.copyOf(missingOfTokenizer);
        }

        /** Warnings for an output that gets all settings. */
        public List<Problem> allMissing() {
            List<Problem> all = new ArrayList<>(missing);
            all.addAll(missingOfTokenizer);
            return all;
        }
    }
}
