package io.amalgam.samples;

import io.amalgam.Formats;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeEngine;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.kernel.KernelProvider;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlanner;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Merges by a recipe file, as {@code amalgam merge RECIPE OUT} does, from a program. */
public final class RunRecipe {
    private RunRecipe() {}

    public static void main(String... args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("usage: RunRecipe RECIPE OUT");
        }
        Path file = Path.of(args[0]);
        MergeListener progress =
                new MergeListener() {
                    @Override
                    public void progressed(Progress p) {
                        System.out.printf(
                                "%d of %d bytes written%n", p.bytesWritten(), p.bytesTotal());
                    }
                };
        List<Path> folders = List.of(Path.of(""), file.toAbsolutePath().getParent());
        MergeReport report = merge(RecipeReader.read(file), folders, Path.of(args[1]), progress);
        System.out.printf(
                "%s: %d tensors in %.2f s%n", args[1], report.tensors().size(), report.seconds());
    }

    /** Plans and runs; models are looked for in the folders, in order. */
    static MergeReport merge(Recipe recipe, List<Path> folders, Path out, MergeListener listener)
            throws IOException {
        Formats formats = Formats.load();
        MergePlanner planner =
                new MergePlanner(
                        MethodRegistry.load(), formats.models(folders), formats.get("huggingface"));
        KernelProvider kernels = KernelProvider.choose(KernelProvider.Choice.AUTO);
        try (MergePlan plan = planner.plan(recipe, PlanOptions.DEFAULT)) {
            plan.warnings().forEach(System.err::println);
            EngineOptions options = EngineOptions.defaults(kernels.kernels());
            return MergeEngine.run(plan, out, options, listener, new Cancellation());
        }
    }
}
