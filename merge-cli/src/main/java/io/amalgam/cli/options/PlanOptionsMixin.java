package io.amalgam.cli.options;

import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.RecipeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that change what is written. */
public final class PlanOptionsMixin {
    @Option(
            names = "--random-seed",
            paramLabel = "N",
            description = "Seed of random methods. Default: 0, so runs are repeatable.")
    long seed;

    @Option(
            names = "--out-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description =
                    "Maximum size of a weights file; 0 for one file. Default: 5B. k, M and B (or G) are powers of 1000, KiB, MiB"
                            + " and GiB of 1024.")
    ByteSize shardSize = new ByteSize(PlanOptions.DEFAULT_SHARD_BYTES);

    @Option(names = "--strict", description = "Warnings are errors.")
    public boolean strict;

    @Option(
            names = "--tensor-union",
            description = "Merge every tensor, from the models that have it.")
    boolean union;

    @Option(
            names = "--tensor-intersection",
            description = "Merge only tensors that all models have.")
    boolean intersection;

    @Mixin QuantiseMixin quantising;

    /** What is wrong with the values given. */
    public Optional<String> complaint() {
        return union && intersection
                ? Optional.of(
                        "options '--tensor-union' and '--tensor-intersection' exclude each other")
                : quantising.complaint();
    }

    /**
     * Plans the recipes of a file; the caller closes the plan. Models are looked for from the
     * working directory, then from the recipe's folder.
     *
     * @param tokens what becomes of tokens the recipe says nothing of
     * @param keep whether all stages are written
     * @param amalgam what merges are made with
     */
    public StagedPlan plan(
            RecipeFile recipes,
            Path file,
            TokenizerMixin tokens,
            boolean keep,
            io.amalgam.Amalgam amalgam)
            throws IOException {
        return amalgam.foldersOf(file).plan(recipes, tokens.on(options()), keep);
    }

    /** Plans one recipe; the caller closes the plan. Models are looked for from these folders. */
    public MergePlan plan(Recipe recipe, List<Path> folders, io.amalgam.Amalgam amalgam)
            throws IOException {
        return amalgam.folders(folders).plan(recipe, options());
    }

    public PlanOptions options() {
        PlanOptions.TensorSet tensors = PlanOptions.TensorSet.SAME;
        if (union) {
            tensors = PlanOptions.TensorSet.UNION;
        } else if (intersection) {
            tensors = PlanOptions.TensorSet.INTERSECTION;
        }
        return quantising.on(new PlanOptions(seed, shardSize.bytes(), tensors, strict));
    }
}
