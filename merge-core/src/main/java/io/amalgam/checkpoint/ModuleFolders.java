package io.amalgam.checkpoint;

import java.util.List;
import java.util.Optional;

/**
 * The folders of a model stored in modules, as in sentence-transformers: the main model, then
 * others such as pooling or a dense layer, some with their own weights. Tensors of a module are
 * prefixed with its folder ({@code 2_Dense.linear.weight}); those of the main model are not.
 *
 * @param mainFolder of the main model, with its configuration and tokenizer, relative to the
 *     model's directory; empty where that is the directory itself
 * @param modules all, in their order, the main model among them
 * @param weights what the weight files of the main model are called, without extension and number
 *     of a shard: {@code model}, {@code diffusion_pytorch_model.fp16}
 */
public record ModuleFolders(String mainFolder, List<Part> modules, String weights) {
    /** What weight files are called most often. */
    public static final String MODEL = "model";

    /** A model without modules, in its directory itself. */
    public static final ModuleFolders NONE = new ModuleFolders("", List.of());

    public ModuleFolders {
        modules = List.copyOf(modules);
    }

    /** With weights of the usual name. */
    public ModuleFolders(String mainFolder, List<Part> modules) {
        this(mainFolder, modules, MODEL);
    }

    /** The same folders, with weights of another name. */
    public ModuleFolders named(String other) {
        return new ModuleFolders(mainFolder, modules, other);
    }

    /**
     * A module.
     *
     * @param type what it is, without the package: {@code Pooling}
     * @param folder relative to the model's directory; may not exist where a part needs no files
     * @param weights whether it has weights of its own; false for the main model
     */
    public record Part(String type, String folder, boolean weights) {}

    /** The folders of modules with weights, in their order. */
    public List<String> withWeights() {
        return modules.stream().filter(Part::weights).map(Part::folder).toList();
    }

    /** The module's folder that a tensor is stored in; empty for the main model's. */
    public Optional<String> of(String tensor) {
        return withWeights().stream().filter(f -> tensor.startsWith(f + ".")).findFirst();
    }

    /** Where a file of the main model is, relative to the model's directory. */
    public String inMainFolder(String file) {
        return mainFolder.isEmpty() ? file : mainFolder + "/" + file;
    }
}
