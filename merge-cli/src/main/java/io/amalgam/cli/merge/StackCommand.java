package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.internal.structure.LayerRange;
import io.amalgam.internal.structure.LayerStacking;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "stack",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Stacks unchanged layers of models, without a recipe.",
            "MODEL:0-23 are layers 0 to 23, both included; MODEL:7 is one layer, MODEL alone all of them.",
            "Embeddings and configuration come from the first model, final norm and head from the last."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam stack models/chat:0-23 models/code:8-31 stacked/",
            "  amalgam stack base:0-15 base:8-23 base:16-31 deeper/       the same layers twice",
            "  amalgam stack t5:0-5 t5:2-11 deeper/ --module decoder       the encoder stays as it is",
            "  amalgam stack base:0-27 shorter/ --dry-run"
        })
public final class StackCommand extends PlannedMergeCommand {
    @Parameters(
            index = "0..*",
            paramLabel = "MODEL:FIRST-LAST... OUT",
            hideParamSyntax = true,
            description =
                    "Layers from bottom to top; then the output directory, new or empty. Inputs are never overwritten.")
    private List<String> words = new ArrayList<>();

    @Option(
            names = "--module",
            paramLabel = "NAME",
            description =
                    "For models with several stacks, the part to stack: encoder, decoder, text, vision, ... Other parts come from the first model.")
    private @Nullable String module;

    @Mixin private PlanOptionsMixin planning;

    public StackCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected void checkUsage() {
        super.checkUsage();
        if (words.size() < 2) {
            throw usage(words.isEmpty() ? "missing MODEL:FIRST-LAST and OUT" : "missing OUT");
        }
        try {
            if (words.get(words.size() - 1).isEmpty() || out().toString().isEmpty()) {
                throw usage("argument 'OUT': expected a path, got ''");
            }
        } catch (InvalidPathException e) {
            throw usage(
                    "argument 'OUT': expected a path, got '" + words.get(words.size() - 1) + "'");
        }
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        List<LayerRange> ranges =
                words.subList(0, words.size() - 1).stream().map(LayerRange::parse).toList();
        Optional<String> part = Optional.ofNullable(module);
        Map<String, Integer> layers = new HashMap<>();
        for (LayerRange range : ranges) {
            String name = range.model();
            layers.put(
                    name,
                    ModelHeaders.read(
                            loader(), name, model -> LayerStacking.layers(model, name, part)));
        }
        Recipe recipe =
                LayerStacking.recipe(ranges, name -> Objects.requireNonNull(layers.get(name)));
        String first = ranges.get(0).model();
        Recipe whole =
                part.isEmpty()
                        ? recipe
                        : ModelHeaders.read(
                                loader(),
                                first,
                                m -> LayerStacking.inModule(recipe, m, first, part.get()));
        return StagedPlan.of(planning.plan(whole, ModelHeaders.FOLDERS, amalgam()));
    }

    @Override
    protected Path out() {
        return Path.of(words.get(words.size() - 1));
    }
}
