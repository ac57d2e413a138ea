package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The models of a merge that are arrays, by the names that its recipe gives them. */
final class ArrayModels {
    private final Map<String, ArrayModel> models = new LinkedHashMap<>();

    ModelRef add(String name, Map<String, INDArray> tensors) {
        models.put(name, new ArrayModel(name, Objects.requireNonNull(tensors, "tensors")));
        return ModelRef.of(name);
    }

    /**
     * @throws io.amalgam.error.BadInputException if one has integers
     */
    void requireFloats() {
        models.values().forEach(ArrayModel::requireFloats);
    }

    /** These models, and those of a source. */
    ModelSource with(ModelSource files) {
        return new ModelSource() {
            @Override
            public Checkpoint open(ModelRef ref) throws IOException {
                ArrayModel model = models.get(ref.path());
                return model != null ? model : files.open(ref);
            }

            @Override
            public void announce(Collection<ModelRef> refs) throws IOException {
                files.announce(
                        refs.stream().filter(ref -> !models.containsKey(ref.path())).toList());
            }

            @Override
            public ModelRef identified(ModelRef ref) {
                return models.containsKey(ref.path()) ? ref : files.identified(ref);
            }
        };
    }
}
