package io.amalgam.samples;

import io.amalgam.Merge;
import java.io.IOException;
import java.nio.file.Path;

/** Merges by a recipe file, as {@code amalgam merge RECIPE OUT} does. */
public final class RunRecipe {
    private RunRecipe() {}

    public static void main(String... args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("usage: RunRecipe RECIPE OUT");
        }
        var report = Merge.recipe(Path.of(args[0])).to(Path.of(args[1])).run();
        report.result().ifPresent(r -> System.out.println(r.tensors().size() + " tensors merged"));
    }
}
