package io.amalgam;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * An open LoRA adapter whose factors are read as ND4J arrays:
 *
 * <pre>{@code
 * try (LoraFile adapter = LoraFile.open(Path.of("adapters/style"))) {
 *     INDArray merged = adapter.module("fc1").addTo(weight, 0.7);
 * }
 * }</pre>
 *
 * <p>Safe for use by several threads until closed.
 */
public final class LoraFile implements Closeable {
    private final Adapter adapter;

    private LoraFile(Adapter adapter) {
        this.adapter = adapter;
    }

    /**
     * Opens an adapter's directory or weights file, as PEFT, kohya's trainer, diffusers or
     * AI-Toolkit write them.
     *
     * @throws BadInputException if it is not an adapter
     */
    public static LoraFile open(Path path) throws IOException {
        return new LoraFile(ModelLoader.load().adapter(path, path.toString()));
    }

    /** The modules it changes, in the order of the file. */
    public Set<String> modules() {
        return adapter.modules().keySet();
    }

    /** The adapter underneath. */
    public Adapter adapter() {
        return adapter;
    }

    /**
     * A module's factors, FLOAT, its scale in B. Convolutions count as matrices.
     *
     * @throws BadInputException if it has no such module
     * @throws IOException if it cannot be read
     */
    public LoraPair module(String name) throws IOException {
        LoraModule module = adapter.modules().get(name);
        if (module == null) {
            throw new BadInputException(
                    Problem.of("no module '" + name + "' in adapter '" + adapter.name() + "'")
                            .hint(
                                    Suggestions.didYouMean(
                                            name, modules(), "see modules() for all")));
        }
        float[] a = io.amalgam.internal.lora.TensorReads.of(module.a());
        float[] b = io.amalgam.internal.lora.TensorReads.of(module.b());
        for (int i = 0; i < b.length; i++) {
            b[i] = (float) (b[i] * module.scale());
        }
        return new LoraPair(
                ArrayTypes.array(a, module.rank(), module.in()),
                ArrayTypes.array(b, module.out(), module.rank()));
    }

    @Override
    public void close() throws IOException {
        adapter.close();
    }
}
