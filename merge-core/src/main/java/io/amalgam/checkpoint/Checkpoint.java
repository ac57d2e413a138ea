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
 * A model's tensors and what lies beside them. Opening one reads headers only; tensor data is read
 * when asked for. Safe for concurrent use until closed.
 */
public interface Checkpoint extends Closeable {
    /** The directory or file it was opened from. */
    Path path();

    /** All it was opened from: {@link #path()}, and others where it is made of several. */
    default List<Path> places() {
        return List.of(path());
    }

    /** The tensors by name, in the order the files hold them. */
    Map<String, ? extends TensorSource> tensors();

    /** Free-form metadata stored with the tensors; empty where there is none. */
    default Map<String, String> metadata() {
        return Map.of();
    }

    /** A copy of the model's {@code config.json}; empty for a bare weights file. */
    default Optional<ObjectNode> config() {
        return Optional.empty();
    }

    /** What of its files was not understood, or is not so: said before a merge. */
    default List<Problem> warnings() {
        return List.of();
    }

    /** Every file that holds tensor data: what must not be written over. */
    List<Path> weightFiles();

    /**
     * Files a merged model needs copied from its donor: tokenizer, generation settings,
     * preprocessing. Relative to {@link #path()}. None beside a bare weights file.
     */
    default List<Path> sideFiles() {
        return List.of();
    }

    /** What is known of the code among its side files. */
    default ModelScripts scripts() {
        return ModelScripts.NONE;
    }

    /** The parts it is stored in, where it is more than one. */
    default ModuleFolders folders() {
        return ModuleFolders.NONE;
    }

    /** The directory of its configuration and tokenizer: {@link #path()}, or a folder there. */
    default Path home() {
        return folders().home().isEmpty() ? path() : path().resolve(folders().home());
    }

    /** The directory of its tokenizer: {@link #home()}, unless that is another model's. */
    default Path tokenizerHome() {
        return home();
    }

    /**
     * Where a side file is.
     *
     * @param sideFile one of {@link #sideFiles()}
     */
    default Path locate(Path sideFile) {
        return path().resolve(sideFile);
    }

    /**
     * What a federated method keeps for its next round, where it is known before it is a file;
     * empty where it is what {@link OutputFormat#STATE_FILE} in {@link #path()} holds, if that is
     * there.
     */
    default Optional<Map<String, TensorSource>> serverState() {
        return Optional.empty();
    }

    /**
     * Bytes that reading its tensors may hold beside the reader's buffers, whatever their number.
     */
    default long sharedBytes() {
        return 0;
    }

    /**
     * The files that the tensors' values come from in the end: other than {@link #weightFiles()}
     * where those were only made on the way.
     */
    default List<Path> origins() {
        return weightFiles();
    }

    /**
     * Bytes that each reader holds for computing tensors while they are read, beside its workspace,
     * where it reads so many elements at a time.
     */
    default long bytesPerReader(int elements) {
        return 0;
    }

    /** Work that must be done before its tensors are read, in order. Default: none. */
    default List<Preparation> preparations() {
        return List.of();
    }

    /** How its weights are quantised; empty if they are not. */
    default Optional<Quantisation> quantisation() {
        return Optional.empty();
    }

    /**
     * A way in which weights are quantised.
     *
     * @param name for people: {@code NF4, double quantisation}
     * @param readable whether {@link #tensors()} are the dense weights; else they are as stored
     * @param rescaled whether scales were moved between tensors, so that single tensors of two such
     *     models must not be combined
     * @param weights names of the dense tensors that are stored as codes
     * @param settings what its configuration says, where it says something
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

        /** A way of which nothing more is known. */
        public Quantisation(String name, boolean readable, boolean rescaled) {
            this(name, readable, rescaled, Set.of(), Optional.empty());
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
