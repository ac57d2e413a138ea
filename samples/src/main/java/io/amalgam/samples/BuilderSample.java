package io.amalgam.samples;

import static io.amalgam.Parameter.density;
import static io.amalgam.Parameter.filtered;
import static io.amalgam.Parameter.normalize;
import static io.amalgam.Parameter.otherwise;
import static io.amalgam.Parameter.weight;
import static io.amalgam.Parameter.where;

import io.amalgam.Merge;
import io.amalgam.engine.MergeReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A merge of files said in code, with the recipe that says the same. */
public final class BuilderSample {
    private BuilderSample() {}

    public static void main(String... args) throws IOException {
        Path out = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("merged");
        Merge merge =
                Merge.ties()
                        .folder(Digits.model("."))
                        .base("base")
                        .model("expert-rotated", weight(0.4), density(0.6))
                        .model("expert-inverted", weight(0.4), density(0.6, 1))
                        .model(
                                "expert-mirrored",
                                filtered("weight", where("fc1", 0.3), otherwise(0.4)),
                                density(0.6))
                        .with(normalize(false))
                        .to(out);
        System.out.println(merge.yaml());
        MergeReport report = merge.run();
        System.out.printf("%d tensors merged to %s%n", report.tensors().size(), out);
    }
}
