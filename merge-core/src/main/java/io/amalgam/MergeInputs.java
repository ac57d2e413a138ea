package io.amalgam;

import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a recipe in code, or one of its modules, is merged from: models or slices, parameters. */
final class MergeInputs {
    private final ArrayModels arrays;
    private final String arrayPrefix;
    private final List<ModelEntry> models = new ArrayList<>();
    private final List<OutputSlice> slices = new ArrayList<>();
    private final Map<String, ParameterValue> shared = new LinkedHashMap<>();

    /**
     * @param arrayPrefix of the names of models that are arrays
     */
    MergeInputs(ArrayModels arrays, String arrayPrefix) {
        this.arrays = arrays;
        this.arrayPrefix = arrayPrefix;
    }

    static ModelRef ref(String reference) {
        return ModelRef.parse(Objects.requireNonNull(reference, "reference"), Location.NONE);
    }

    static ModelRef ref(Path path) {
        return ModelRef.of(Objects.requireNonNull(path, "path").toString());
    }

    void model(ModelRef model, Parameter... settings) {
        models.add(ModelEntry.of(model, parameters(settings)));
    }

    void model(Map<String, INDArray> tensors, Parameter... settings) {
        model(arrays.add(arrayPrefix + (models.size() + 1), tensors), settings);
    }

    /** Statistics of the last model, in place of others. */
    void statistics(ModelRef file) {
        if (models.isEmpty()) {
            throw new IllegalStateException("statistics(...) follow the model they are of");
        }
        int last = models.size() - 1;
        ModelEntry entry = models.get(last);
        models.set(
                last,
                new ModelEntry(
                        entry.model(), entry.parameters(), Optional.of(file), entry.location()));
    }

    void slice(LayerSource... sources) {
        slices.add(
                new OutputSlice(
                        List.of(sources), Optional.empty(), Parameters.EMPTY, Location.NONE));
    }

    void with(Parameter... settings) {
        shared.putAll(values(settings));
    }

    boolean hasModels() {
        return !models.isEmpty();
    }

    boolean hasSlices() {
        return !slices.isEmpty();
    }

    Parameters parameters() {
        return Parameters.of(shared);
    }

    Recipe recipe(String method, Optional<ModelRef> base) {
        return Recipe.of(method, models, slices, base, parameters());
    }

    ModuleSection section(String name) {
        if (hasModels() == hasSlices()) {
            throw new IllegalStateException("module '" + name + "' has either models or slices");
        }
        return new ModuleSection(name, models, slices, parameters(), Location.NONE);
    }

    static Parameters parameters(Parameter... settings) {
        return Parameters.of(values(settings));
    }

    private static Map<String, ParameterValue> values(Parameter... settings) {
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        for (Parameter setting : Objects.requireNonNull(settings, "settings")) {
            Objects.requireNonNull(setting, "setting");
            if (values.put(setting.name(), setting.value()) != null) {
                throw new IllegalArgumentException(
                        "parameter '" + setting.name() + "' is given twice");
            }
        }
        return values;
    }
}
