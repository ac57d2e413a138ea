package io.amalgam.internal.structure.moe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ModelScripts;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A checkpoint with another configuration. */
record ReconfiguredCheckpoint(Checkpoint model, ObjectNode changed) implements Checkpoint {
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
        return Optional.of(changed.deepCopy());
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
    public List<Path> origins() {
        return model.origins();
    }

    @Override
    public long sharedBytes() {
        return model.sharedBytes();
    }

    @Override
    public long bytesPerReader(int elements) {
        return model.bytesPerReader(elements);
    }

    @Override
    public ModuleFolders folders() {
        return model.folders();
    }

    /** Without code that only the changed configuration named. */
    @Override
    public List<Path> sideFiles() {
        List<Path> tokenizer = model.scripts().tokenizer();
        return model.sideFiles().stream()
                .filter(
                        file ->
                                hasCode()
                                        || !file.toString().endsWith(".py")
                                        || tokenizer.contains(file))
                .toList();
    }

    @Override
    public Path tokenizerHome() {
        return model.tokenizerHome();
    }

    @Override
    public Path locate(Path sideFile) {
        return model.locate(sideFile);
    }

    @Override
    public ModelScripts scripts() {
        ModelScripts scripts = model.scripts();
        return hasCode()
                ? scripts
                : new ModelScripts(scripts.tokenizer(), List.of(), scripts.missingOfTokenizer());
    }

    private boolean hasCode() {
        return changed.path("auto_map").equals(model.config().orElse(changed).path("auto_map"));
    }

    @Override
    public void close() throws IOException {
        model.close();
    }
}
