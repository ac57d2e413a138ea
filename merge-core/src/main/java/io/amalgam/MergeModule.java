package io.amalgam;

import io.amalgam.recipe.LayerSource;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.Parameters;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What one part of a model is merged from, an encoder or a decoder for instance: an entry of a
 * recipe's {@code modules}. See {@link Merge#module}.
 *
 * <p>Methods return this object. Used by one thread at a time.
 */
public final class MergeModule {
    private final String name;
    private final BiFunction<String, Map<String, INDArray>, ModelRef> inMemory;
    private final List<ModelEntry> models = new ArrayList<>();
    private final List<OutputSlice> slices = new ArrayList<>();
    private final Map<String, Parameter> shared = new LinkedHashMap<>();

    /**
     * @param inMemory keeps arrays under a name
     */
    MergeModule(String name, BiFunction<String, Map<String, INDArray>, ModelRef> inMemory) {
        this.name = name;
        this.inMemory = inMemory;
    }

    /** A model whose part is merged, as a recipe writes it, with its parameters. */
    public MergeModule model(String reference, Parameter... settings) {
        return add(
                ModelRef.parse(Objects.requireNonNull(reference, "reference"), Location.NONE),
                settings);
    }

    /** A model at a path, whatever characters are in it. */
    public MergeModule model(Path path, Parameter... settings) {
        return add(ModelRef.of(Objects.requireNonNull(path, "path").toString()), settings);
    }

    /** A whole model in memory, arrays by tensor name, whose part is merged. */
    public MergeModule model(Map<String, INDArray> tensors, Parameter... settings) {
        String key = "arrays-" + name + "-" + (models.size() + 1);
        return add(inMemory.apply(key, tensors), settings);
    }

    private MergeModule add(ModelRef model, Parameter... settings) {
        models.add(ModelEntry.of(model, Merge.parameters(settings)));
        return this;
    }

    /**
     * The part's next layers, merged from these sources, which {@link Merge#layers} makes; instead
     * of models.
     */
    public MergeModule slice(LayerSource... sources) {
        slices.add(Merge.outputSlice(sources));
        return this;
    }

    /** Parameters of this part, behind those of its models and before the recipe's. */
    public MergeModule with(Parameter... settings) {
        for (Parameter setting : Objects.requireNonNull(settings, "settings")) {
            Objects.requireNonNull(setting, "setting");
            shared.put(setting.name(), setting);
        }
        return this;
    }

    ModuleSection section() {
        if (models.isEmpty() == slices.isEmpty()) {
            throw new IllegalStateException("module '" + name + "' has either models or slices");
        }
        Parameters parameters = Merge.parameters(shared.values().toArray(Parameter[]::new));
        return new ModuleSection(name, models, slices, parameters, Location.NONE);
    }
}
