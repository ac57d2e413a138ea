package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.cli.console.Quantity;
import java.util.stream.Collectors;

/** The modules of a model that is stored in parts, as they are shown. */
final class ModelModules {
    private ModelModules() {}

    /** As {@code Transformer, Pooling, Dense (2_Dense, 65792 parameters)}. */
    static String of(Checkpoint checkpoint) {
        return checkpoint.folders().modules().stream()
                .map(module -> shown(checkpoint, module))
                .collect(Collectors.joining(", "));
    }

    private static String shown(Checkpoint checkpoint, ModuleFolders.Part module) {
        boolean home = !module.folder().isEmpty() && module.folder().equals(home(checkpoint));
        if (!module.weights()) {
            return module.type() + (home ? " (" + module.folder() + ")" : "");
        }
        long parameters = parameters(checkpoint, module);
        return module.type()
                + " ("
                + module.folder()
                + ", "
                + Quantity.of(parameters, "parameter")
                + ")";
    }

    private static String home(Checkpoint checkpoint) {
        return checkpoint.folders().mainFolder();
    }

    private static long parameters(Checkpoint checkpoint, ModuleFolders.Part module) {
        return checkpoint.tensors().values().stream()
                .filter(t -> t.info().name().startsWith(module.folder() + "."))
                .mapToLong(t -> t.info().elements())
                .sum();
    }

    static void put(Checkpoint checkpoint, ArrayNode list) {
        for (ModuleFolders.Part module : checkpoint.folders().modules()) {
            list.addObject()
                    .put("type", module.type())
                    .put("folder", module.folder())
                    .put("parameters", module.weights() ? parameters(checkpoint, module) : 0);
        }
    }
}
