package io.amalgam.internal.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelScripts;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A checkpoint that is another one in all but what a subclass overrides. Every method of the port
 * is here, so that none is forgotten: a test compares them.
 */
public abstract class ForwardingCheckpoint implements Checkpoint {
    private final Checkpoint model;

    protected ForwardingCheckpoint(Checkpoint model) {
        this.model = model;
    }

    /** The checkpoint behind this one. */
    protected final Checkpoint model() {
        return model;
    }

    @Override
    public Path path() {
        return model.path();
    }

    @Override
    public Map<String, ? extends TensorSource> tensors() {
        return model.tensors();
    }

    @Override
    public Map<String, String> metadata() {
        return model.metadata();
    }

    @Override
    public Optional<ObjectNode> config() {
        return model.config();
    }

    @Override
    public ModelFacts facts() {
        return model.facts();
    }

    @Override
    public List<Problem> warnings() {
        return model.warnings();
    }

    @Override
    public List<Path> weightFiles() {
        return model.weightFiles();
    }

    @Override
    public List<Path> sideFiles() {
        return model.sideFiles();
    }

    @Override
    public ModelScripts scripts() {
        return model.scripts();
    }

    @Override
    public ModuleFolders folders() {
        return model.folders();
    }

    @Override
    public Path mainFolder() {
        return model.mainFolder();
    }

    @Override
    public Path tokenizerHome() {
        return model.tokenizerHome();
    }

    @Override
    public Path tokenizerSource() {
        return model.tokenizerSource();
    }

    @Override
    public Path locate(Path sideFile) {
        return model.locate(sideFile);
    }

    @Override
    public Optional<Map<String, TensorSource>> serverState() {
        return model.serverState();
    }

    @Override
    public Map<String, ? extends TensorSource> statistics() {
        return model.statistics();
    }

    @Override
    public long sharedBytes() {
        return model.sharedBytes();
    }

    @Override
    public List<Path> places() {
        return model.places();
    }

    @Override
    public List<Path> origins() {
        return model.origins();
    }

    @Override
    public long bytesPerReader(int elements) {
        return model.bytesPerReader(elements);
    }

    @Override
    public List<Preparation> preparations() {
        return model.preparations();
    }

    @Override
    public Optional<Quantisation> quantisation() {
        return model.quantisation();
    }

    @Override
    public void close() throws IOException {
        model.close();
    }

    /** Paths of this model's and of another's, each once. */
    protected static List<Path> both(List<Path> own, List<Path> others) {
        return Stream.concat(own.stream(), others.stream()).distinct().toList();
    }
}
