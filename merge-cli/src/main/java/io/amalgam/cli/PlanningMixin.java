package io.amalgam.cli;

import io.amalgam.Formats;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlanner;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that change what is written. */
class PlanningMixin {
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

    /** Plans; the caller closes the plan. Models are looked for from these folders, in order. */
    final MergePlan plan(Recipe recipe, List<Path> folders) throws IOException {
        Formats formats = Formats.load();
        return new MergePlanner(
                        MethodRegistry.load(), formats.models(folders), formats.get("huggingface"))
                .plan(recipe, options());
    }

    final boolean contradictory() {
        return union && intersection;
    }

    final PlanOptions options() {
        PlanOptions.TensorSet tensors = PlanOptions.TensorSet.SAME;
        if (union) {
            tensors = PlanOptions.TensorSet.UNION;
        } else if (intersection) {
            tensors = PlanOptions.TensorSet.INTERSECTION;
        }
        return new PlanOptions(seed, shardSize.bytes(), tensors, strict);
    }
}
