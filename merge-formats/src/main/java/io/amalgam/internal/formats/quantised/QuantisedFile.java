package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A bare weights file whose tensors are quantised by their names. */
public final class QuantisedFile extends ForwardingCheckpoint {
    private final QuantisedModel dense;

    private QuantisedFile(Checkpoint file, QuantisedModel dense) {
        super(file);
        this.dense = dense;
    }

    /**
     * The file itself, if nothing in it is quantised; closed if something is wrong.
     *
     * @param name what the user calls it
     */
    public static Checkpoint over(Checkpoint file, String name) throws IOException {
        List<Problem> problems = new ArrayList<>();
        Map<String, TensorSource> stored = new LinkedHashMap<>(file.tensors());
        try {
            QuantisedModel model =
                    QuantisedModel.of(stored, Optional.empty(), Optional.empty(), name, problems);
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            return model.quantisation().isEmpty() ? file : new QuantisedFile(file, model);
        } catch (UncheckedIOException e) {
            try (file) {
                throw e.getCause();
            }
        } catch (RuntimeException e) {
            try (file) {
                throw e;
            }
        }
    }

    @Override
    public Map<String, ? extends TensorSource> tensors() {
        return Collections.unmodifiableMap(dense.tensors());
    }

    @Override
    public Optional<Quantisation> quantisation() {
        return dense.quantisation();
    }

    @Override
    public List<Problem> warnings() {
        return dense.warnings();
    }

    @Override
    public long sharedBytes() {
        return dense.sharedBytes();
    }

    @Override
    public long bytesPerReader(int elements) {
        return dense.bytesPerReader(elements);
    }
}
