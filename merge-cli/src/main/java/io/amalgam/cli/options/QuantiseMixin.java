package io.amalgam.cli.options;

import io.amalgam.Amalgam;
import io.amalgam.ModelLoader;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the weights of an output are quantised to. */
public final class QuantiseMixin {
    @Option(
            names = {"--quantise", "--quantize"},
            paramLabel = "TYPE",
            description =
                    "Type of quantised weights: fp8, fp8_block, mxfp4, nvfp4, int8, int4, ... (docs/quantised.md), or keep for the format"
                            + " of the inputs. For GGUF outputs: f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1. Default: the recipe's, else dense.")
    private @Nullable String type;

    @Option(
            names = "--allow-rescaled",
            description =
                    "Merge AWQ models with other models although AWQ rescales their channels; the result can be bad.")
    private boolean rescaled;

    /** What is wrong with the value given. */
    public Optional<String> complaint() {
        if (type == null) {
            return Optional.empty();
        }
        ModelLoader formats = Amalgam.load().formats();
        List<String> known = formats.output("huggingface").quantisedTypes();
        return known.contains(type) || formats.output("gguf").quantisedTypes().contains(type)
                ? Optional.empty()
                : Optional.of(
                        "option '--quantise': expected one of "
                                + String.join(", ", known)
                                + ", got '"
                                + type
                                + "'");
    }

    public PlanOptions on(PlanOptions options) {
        PlanOptions allowed = allowed(options);
        return type == null ? allowed : allowed.quantised(new QuantisedType(type, Location.NONE));
    }

    /** The same for a model on the way, whose weights are not quantised. */
    public PlanOptions allowed(PlanOptions options) {
        return options.allowRescaled(rescaled);
    }
}
