package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.Amalgam;
import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.merge.PlannedMergeCommand;
import io.amalgam.cli.options.ByteSize;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.QuantiseMixin;
import io.amalgam.cli.options.WeightedPath;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.apply.LoraMatch;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "merge",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Merges adapters into a base model: W + sum of weight * scale * B A, in float32, rounded once.",
            "Weight 1 is the adapter as trained."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam lora merge base/ adapter/ merged/",
            "  amalgam lora merge base/ style:0.7 task:0.5 merged/",
            "  amalgam lora merge base/ adapter/ merged/ --dry-run     show what would change"
        })
final class LoraMergeCommand extends PlannedMergeCommand {
    @picocli.CommandLine.Parameters(
            index = "0",
            paramLabel = "BASE",
            description = "The model the adapters were trained for.")
    private Path base;

    @picocli.CommandLine.Parameters(
            index = "1..*",
            arity = "2..*",
            paramLabel = "ADAPTER[:WEIGHT]... OUT",
            hideParamSyntax = true,
            description = "Adapters, each with its weight; last, the output directory.")
    private List<String> words = List.of();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "Output type: bfloat16, float16 or float32. Default: each tensor's own.")
    private @Nullable String dtype;

    @Option(
            names = "--out-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Maximum size of a weights file; 0 for one file. Default: 5B.")
    private ByteSize shardSize = new ByteSize(PlanOptions.DEFAULT_SHARD_BYTES);

    @Mixin private QuantiseMixin quantising;

    @Option(names = "--strict", description = "Warnings are errors.")
    private boolean strict;

    LoraMergeCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected void checkUsage() {
        LoraArguments.out(words, this);
        LoraArguments.adapters(words, this);
        LoraArguments.dtype(dtype, this);
        super.checkUsage();
    }

    @Override
    protected Optional<String> planningComplaint() {
        return quantising.complaint();
    }

    @Override
    protected Path out() {
        return LoraArguments.out(words, this);
    }

    @Override
    protected void warmUp(EngineMixin used) {
        used.warmUpProducts();
    }

    /** The table is what a dry run is for; else it goes beside the progress. */
    @Override
    protected void beforehand(StagedPlan plan) throws IOException {
        requirePlace(plan.result().orElseThrow());
        if (!silent()) {
            new MatchTable(model(plan).matches())
                    .lines(verbose())
                    .forEach(isDryRun() ? console::print : console::note);
        }
    }

    /** Before the table is shown; a dry run says it with what else is wrong. */
    private void requirePlace(MergePlan plan) throws IOException {
        List<Problem> problems = isDryRun() ? List.of() : outputProblems(plan);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    private static LoraCheckpoint model(StagedPlan plan) {
        return (LoraCheckpoint) plan.result().orElseThrow().donor();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        List<WeightedPath> adapters = LoraArguments.adapters(words, this);
        Amalgam amalgam = amalgam();
        ModelLoader formats = amalgam.formats();
        ModelRef ref = ModelRef.of(base.toString());
        String given = String.join(" ", adapters.stream().map(Object::toString).toList());
        Recipe recipe =
                Recipe.ofModels(
                                "passthrough",
                                List.of(ModelEntry.of(ref, Parameters.EMPTY)),
                                Optional.empty(),
                                Parameters.EMPTY)
                        .withTypes(Optional.empty(), LoraArguments.dtype(dtype, this))
                        .withText(
                                "# amalgam lora merge " + base + " " + given + " " + out() + "\n");
        PlanOptions options =
                new PlanOptions(0, shardSize.bytes(), PlanOptions.TensorSet.SAME, strict);
        formats.announce(
                Stream.concat(
                                Stream.of(base),
                                adapters.stream().map(adapter -> Path.of(adapter.path())))
                        .toList());
        return StagedPlan.of(
                amalgam.models(
                                paths ->
                                        model ->
                                                formats.withAdapters(
                                                        formats.place(base),
                                                        base.toString(),
                                                        WeightedPath.open(formats, adapters)))
                        .plan(recipe, quantising.on(options)));
    }

    @Override
    protected void complete(ObjectNode root, StagedPlan plan) {
        ArrayNode array = root.putArray("modules");
        for (LoraMatch match : model(plan).matches()) {
            ObjectNode node = array.addObject();
            node.put("adapter", match.adapter());
            node.put("module", match.module());
            node.put("tensor", match.tensor().orElse(""));
            match.factors().ifPresent(f -> node.put("rank", f.rank()).put("scale", f.scale()));
        }
    }
}
