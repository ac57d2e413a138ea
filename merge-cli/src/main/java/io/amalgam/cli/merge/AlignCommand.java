package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.align.AlignedCheckpoint;
import io.amalgam.internal.align.AlignmentFile;
import io.amalgam.internal.align.AlignmentRun;
import io.amalgam.internal.engine.OutputPlaces;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "align",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Reorders the neurons and heads of a model to match another model, so that the two can be averaged (docs/alignment.md).",
            "The aligned model computes the same function. Its permutations are saved in OUT/alignment.safetensors."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam align b/ --to a/ aligned/",
            "  amalgam align b/ --to a/ --explain             what would be permuted, tensor by tensor",
            "  amalgam align c/ --to a/ aligned-c/ --permutations aligned/alignment.safetensors",
            "  amalgam align narrow/ --to a/ wide/ --set widen=copies",
            "  amalgam align b/ --to a/ aligned/ --method activation_matching --set statistics=b.safetensors --set to_statistics=a.safetensors"
        })
public final class AlignCommand extends PlannedMergeCommand {
    @Parameters(index = "0", paramLabel = "MODEL", description = "The model to align.")
    private String model = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "OUT",
            description =
                    "The output directory, new or empty; none with --explain. Inputs are never overwritten.")
    private @Nullable Path out;

    @Option(
            names = "--to",
            required = true,
            paramLabel = "MODEL",
            description = "The model to match; it stays unchanged.")
    private String target = "";

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            description =
                    "weight_matching, ot, activation_matching or truncated_svd. Default: weight_matching.")
    private @Nullable String method;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description =
                    "A setting of the method, as in recipes: widen=copies, metric=squared, statistics=FILE, ...")
    private Map<String, String> settings = new TreeMap<>();

    @Option(
            names = "--permutations",
            paramLabel = "FILE",
            description = "Use the permutations of an earlier alignment.")
    private @Nullable Path permutations;

    @Option(
            names = "--explain",
            description =
                    "Print the groups of tensors that are permuted together, and the tensors that stay; write nothing.")
    private boolean explain;

    @Mixin private PlanOptionsMixin planning;

    public AlignCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected void checkUsage() {
        super.checkUsage();
        if (out == null && !explain) {
            throw usage("missing OUT");
        }
        if (explain && out != null) {
            throw usage("option '--explain' writes nothing: give no OUT, got '" + out + "'");
        }
        if (permutations != null && method != null) {
            throw usage(
                    "options '--permutations' and '--method' exclude each other: nothing is searched");
        }
    }

    @Override
    public Integer call() throws IOException {
        if (!explain) {
            return super.call();
        }
        checkUsage();
        try (StagedPlan plan = plan()) {
            console.warnings(plan.warnings());
            List<String> lines = run(plan.result().orElseThrow()).groups();
            if (json) {
                Json.print(console, explained(lines));
            } else {
                lines.forEach(line -> console.print(Console.oneLine(line)));
            }
        }
        return ExitCode.DONE;
    }

    /** Groups by name with their tensors, and what stays. */
    private static ObjectNode explained(List<String> lines) {
        ObjectNode root = Json.object();
        ArrayNode groups = root.putArray("groups");
        ArrayNode stays = root.putArray("stays");
        for (String line : lines) {
            if (line.startsWith("  ")) {
                ((ArrayNode) groups.get(groups.size() - 1).get("tensors")).add(line.strip());
            } else if (line.startsWith(AlignmentRun.STAYS)) {
                stays.add(line.substring(AlignmentRun.STAYS.length()));
            } else {
                int colon = line.indexOf(": ");
                ObjectNode group = groups.addObject().put("name", line.substring(0, colon));
                group.put("what", line.substring(colon + 2)).putArray("tensors");
            }
        }
        return root;
    }

    static AlignmentRun run(MergePlan plan) {
        return plan.models().values().stream()
                .filter(AlignedCheckpoint.class::isInstance)
                .map(aligned -> ((AlignedCheckpoint) aligned).run())
                .findFirst()
                .orElseThrow();
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        Map<String, String> given = new TreeMap<>(settings);
        if (permutations != null) {
            given.put("permutations", permutations.toString());
        }
        Alignment alignment =
                new Alignment(
                        method == null ? "weight_matching" : method,
                        ModelRef.of(target),
                        given,
                        Location.NONE);
        ModelRef aligned = ModelRef.of(model).aligned(Optional.of(alignment));
        Recipe recipe =
                Recipe.ofModels(
                        "passthrough",
                        List.of(ModelEntry.of(aligned, io.amalgam.recipe.Parameters.EMPTY)),
                        Optional.empty(),
                        io.amalgam.recipe.Parameters.EMPTY);
        return StagedPlan.of(
                planning.plan(
                        recipe.withText(RecipeWriter.write(recipe)),
                        ModelHeaders.FOLDERS,
                        amalgam()));
    }

    @Override
    protected Path out() {
        return out == null ? Path.of("") : out;
    }

    @Override
    protected void finish(MergePlan plan, MergeReport report) throws IOException {
        if (!report.wasFinished()) {
            AtomicFile.write(
                    OutputPlaces.beside(out(), AlignmentFile.NAME), AlignmentFile.of(run(plan)));
        }
    }
}
