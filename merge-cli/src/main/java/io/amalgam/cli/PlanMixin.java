package io.amalgam.cli;

import io.amalgam.Formats;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlanner;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.yaml.ReadOptions;
import io.amalgam.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What makes a plan: the recipe, and the options that change what is written. */
final class PlanMixin {
    @Parameters(index = "0", paramLabel = "RECIPE", description = "A recipe, as mergekit's YAML.")
    Path recipe;

    @Option(
            names = "--random-seed",
            paramLabel = "N",
            description = "Seed of random methods, 0 unless given: runs are always repeatable.")
    long seed;

    @Option(
            names = "--out-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description =
                    "Bytes at which a new file is begun, 5B unless given; 0 for one file. k, M and B (or G) are powers of 1000, KiB, MiB"
                            + " and GiB of 1024.")
    ByteSize shardSize = new ByteSize(PlanOptions.DEFAULT_SHARD_BYTES);

    @Option(names = "--strict", description = "Warnings are errors.")
    boolean strict;

    @Option(
            names = "--tensor-union",
            description = "Merge every tensor, from the models that have it.")
    boolean union;

    @Option(
            names = "--tensor-intersection",
            description = "Merge only tensors that all models have.")
    boolean intersection;

    /**
     * Plans; the caller closes the plan. Models are looked for from the working directory, then
     * from the recipe's folder.
     */
    MergePlan plan() throws IOException {
        Recipe read = RecipeReader.read(recipe, new ReadOptions(strict));
        Formats formats = Formats.load();
        Path here = Path.of("");
        Path folder = recipe.getParent() == null ? here : recipe.getParent();
        return new MergePlanner(
                        MethodRegistry.load(),
                        formats.models(List.of(here, folder)),
                        formats.get("huggingface"))
                .plan(read, options());
    }

    boolean contradictory() {
        return union && intersection;
    }

    private PlanOptions options() {
        PlanOptions.TensorSet tensors = PlanOptions.TensorSet.SAME;
        if (union) {
            tensors = PlanOptions.TensorSet.UNION;
        } else if (intersection) {
            tensors = PlanOptions.TensorSet.INTERSECTION;
        }
        return new PlanOptions(seed, shardSize.bytes(), tensors, strict);
    }
}
