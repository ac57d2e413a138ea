package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.internal.structure.DepthUpscaling;
import io.amalgam.internal.structure.LayerStacking;
import io.amalgam.internal.structure.OutputProjections;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "upscale",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Makes a deeper model from copies of one model's layers, as in SOLAR.",
            "Adjacent copies overlap. With 32 layers and --layers 48 the overlap is 16: the lower copy loses its last 8 layers, the upper copy its first 8. The result is a start for continued training, not a better model."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam upscale models/base --layers 48 deeper/",
            "  amalgam upscale models/base --overlap 16 deeper/                     the same for 32 layers",
            "  amalgam upscale models/base --layers 48 --average-overlap deeper/    no layer is left out",
            "  amalgam upscale models/base --layers 80 --copies 3 --damp 0.5 deeper/"
        })
public final class UpscaleCommand extends PlannedMergeCommand {
    @Parameters(index = "0", paramLabel = "MODEL", description = "The model to make deeper.")
    private String model = "";

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The output directory, new or empty. Inputs are never overwritten.")
    private Path out = Path.of("");

    @Option(names = "--layers", paramLabel = "N", description = "Layers of the result.")
    private @Nullable Integer layers;

    @Option(
            names = "--overlap",
            paramLabel = "N",
            description = "Number of overlapping layers, instead of --layers.")
    private @Nullable Integer overlap;

    @Option(
            names = "--copies",
            paramLabel = "N",
            description = "Number of copies. Default: 2, or as many as --layers needs.")
    private @Nullable Integer copies;

    @Option(
            names = "--average-overlap",
            description =
                    "Average overlapping layers, instead of taking half of them from each copy.")
    private boolean average;

    @Option(
            names = "--damp",
            paramLabel = "X",
            description =
                    "Scale the output projections (o_proj, down_proj and similar) of repeated layers by X. With 0 these layers do nothing until trained.")
    private @Nullable Double damp;

    @Option(
            names = "--module",
            paramLabel = "NAME",
            description =
                    "For a model with several stacks, the part to deepen: encoder, decoder, text, vision, ...")
    private @Nullable String module;

    @Mixin private PlanOptionsMixin planning;

    public UpscaleCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected void checkUsage() {
        super.checkUsage();
        if (layers == null && overlap == null) {
            throw usage("missing --layers or --overlap");
        }
        if (damp != null && !Double.isFinite(damp)) {
            throw usage("option '--damp': expected a finite number, got " + damp);
        }
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        Optional<String> part = Optional.ofNullable(module);
        int count =
                ModelHeaders.read(
                        loader(), model, opened -> LayerStacking.layers(opened, model, part));
        DepthUpscaling upscaling =
                DepthUpscaling.of(
                        count,
                        Optional.ofNullable(layers),
                        Optional.ofNullable(overlap),
                        Optional.ofNullable(copies),
                        average,
                        damp == null ? OptionalDouble.empty() : OptionalDouble.of(damp));
        List<String> projections =
                damp == null
                        ? List.of()
                        : ModelHeaders.read(
                                loader(), model, m -> OutputProjections.filters(m, model));
        Recipe recipe = upscaling.recipe(model, projections);
        Recipe whole =
                part.isEmpty()
                        ? recipe
                        : ModelHeaders.read(
                                loader(),
                                model,
                                m -> LayerStacking.inModule(recipe, m, model, part.get()));
        return StagedPlan.of(planning.plan(whole, ModelHeaders.FOLDERS, amalgam()));
    }

    @Override
    protected Path out() {
        return out;
    }

    @Override
    protected List<String> afterwards() {
        return List.of(
                "the model is a start for continued training: until then expect it to be worse than the one it is made of");
    }
}
