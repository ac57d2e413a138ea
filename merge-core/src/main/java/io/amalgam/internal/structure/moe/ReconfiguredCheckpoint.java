package io.amalgam.internal.structure.moe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.checkpoint.Checkpoint.ModelScripts;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A checkpoint with another configuration. */
final class ReconfiguredCheckpoint extends ForwardingCheckpoint {
    private final ObjectNode changed;

    ReconfiguredCheckpoint(Checkpoint model, ObjectNode changed) {
        super(model);
        this.changed = changed;
    }

    @Override
    public Optional<ObjectNode> config() {
        return Optional.of(changed.deepCopy());
    }

    @Override
    public ModelFacts facts() {
        return ModelFacts.of(changed);
    }

    /** Without code that only the changed configuration named. */
    @Override
    public List<Path> sideFiles() {
        List<Path> tokenizer = model().scripts().tokenizer();
        return model().sideFiles().stream()
                .filter(
                        file ->
                                hasCode()
                                        || !file.toString().endsWith(".py")
                                        || tokenizer.contains(file))
                .toList();
    }

    @Override
    public ModelScripts scripts() {
        ModelScripts scripts = model().scripts();
        return hasCode()
                ? scripts
                : new ModelScripts(scripts.tokenizer(), List.of(), scripts.missingOfTokenizer());
    }

    private boolean hasCode() {
        return changed.path("auto_map").equals(model().config().orElse(changed).path("auto_map"));
    }
}
