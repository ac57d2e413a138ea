package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.parts.JoinedMerge;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartCommand;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.parts.PartsFolder;
import io.amalgam.internal.parts.PlanRequest;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of merge in parts, each with a plan of its own, gives the files of one run. */
class PartedMergeTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final int PARTS = 3;
    private static final PlanOptions SMALL_FILES =
            new PlanOptions(7, 8000, PlanOptions.DEFAULT.tensors(), false);

    @TempDir private Path temp;

    /** A folder of models, and a recipe. */
    record Case(String name, String folder, String recipe) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static String models(String method, String parameters, String more) {
        return """
        merge_method: %s
        base_model: models/base
        models:
          - {model: models/ft1, parameters: {weight: 0.6}}
          - {model: models/ft2, parameters: {weight: 0.3}}
        parameters: {%s}
        dtype: float32
        %s
        """
                .formatted(method, parameters, more);
    }

    static List<Case> cases() throws IOException {
        return List.of(
                new Case("linear", "merge", recipe("merge/recipes/linear.yml")),
                new Case("ties", "merge", recipe("merge/recipes/ties.yml")),
                new Case("dare_ties", "merge", models("dare_ties", "density: 0.5", "")),
                new Case(
                        "ties of the whole model",
                        "merge",
                        models("ties", "density: 0.4, trim_scope: model", "")),
                new Case("pcb", "merge", models("pcb", "density: 0.4", "")),
                new Case("stack", "merge", recipe("merge/recipes/slices-mixed.yml")),
                new Case(
                        "lora",
                        "merge",
                        models("task_arithmetic", "", "")
                                .replace("models/ft1", "models/base+../lora/adapters/a")),
                new Case(
                        "alignment",
                        "merge",
                        models(
                                "task_arithmetic",
                                "",
                                "align: {method: weight_matching, to: models/base}")),
                new Case("vocabulary", "tokenizer", recipe("tokenizer/recipes/union.yml")),
                new Case("fp8", "merge", models("ties", "density: 0.4", "quantize: fp8")));
    }

    private static String recipe(String name) throws IOException {
        return Files.readString(GOLDEN.resolve(name));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void partsAreTheWhole(Case one) throws IOException {
        Path root = GOLDEN.resolve(one.folder);
        Path whole = temp.resolve("whole");
        try (MergePlan plan = Merges.plan(Merges.recipe(one.recipe), root, SMALL_FILES)) {
            assertThat(plan.layout().files()).hasSizeGreaterThanOrEqualTo(PARTS);
            MergeEngine.run(
                    plan, whole, Options.DEFAULT.build(), MergeListener.NONE, new Cancellation());
        }

        Path out = temp.resolve("parts");
        for (int number : List.of(3, 1, 2)) {
            try (MergePlan plan = Merges.plan(Merges.recipe(one.recipe), root, SMALL_FILES)) {
                new PartedMerge(
                                plan,
                                new Part(number, PARTS),
                                out,
                                request(one, root),
                                PartCommand.NONE)
                        .run(Options.DEFAULT.build(), MergeListener.NONE, new Cancellation());
            }
            assertThat(names(out)).containsExactly(".amalgam-parts");
        }
        try (MergePlan plan = Merges.plan(Merges.recipe(one.recipe), root, SMALL_FILES)) {
            new JoinedMerge(out, PartsFolder.in(out).orElseThrow())
                    .run(plan, Options.DEFAULT.build());
        }

        assertThat(names(out)).isEqualTo(names(whole));
        for (String name : names(whole)) {
            if (name.equals("amalgam-report.json")) {
                assertThat(report(out)).isEqualTo(report(whole));
            } else {
                assertThat(out.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
            }
        }
    }

    /** As on a cluster that lets two machines do one task. */
    @Test
    void ofTwoAttemptsAtOnceOneIsThePart() throws Exception {
        Case one = cases().get(1);
        Path out = temp.resolve("attempts");
        try (MergePlan plan = plan(one)) {
            assertThat(parted(plan, one, 1, out).begin(Options.DEFAULT.build()))
                    .containsExactly(1, 2, 3);
        }
        CyclicBarrier together = new CyclicBarrier(2);
        List<CompletableFuture<PartReport>> attempts =
                Stream.of("first", "second")
                        .map(
                                name ->
                                        CompletableFuture.supplyAsync(
                                                () -> attempt(one, out, name, together)))
                        .toList();
        PartReport part = attempts.get(0).get();
        assertThat(attempts.get(1).get().by()).isEqualTo(part.by());
        assertThat(part.by()).isIn("first", "second");
        PartsFolder folder = PartsFolder.in(out).orElseThrow();
        assertThat(folder.missing()).containsExactly(2, 3);
        assertThat(names(folder.of(new Part(1, PARTS)).getParent())).containsExactly("1-of-3");
    }

    private static PartReport attempt(Case one, Path out, String name, CyclicBarrier together) {
        MergeListener waits =
                new MergeListener() {
                    @Override
                    public void started(MergePlan plan, int resumed) {
                        try {
                            together.await();
                        } catch (InterruptedException | BrokenBarrierException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                };
        try (MergePlan plan = plan(one)) {
            return parted(plan, one, 1, out)
                    .attempt(
                            name,
                            name,
                            SharedResults.NONE,
                            Options.DEFAULT.build(),
                            waits,
                            new Cancellation());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MergePlan plan(Case one) throws IOException {
        return Merges.plan(Merges.recipe(one.recipe), GOLDEN.resolve(one.folder), SMALL_FILES);
    }

    private static PartedMerge parted(MergePlan plan, Case one, int part, Path out)
            throws IOException {
        return new PartedMerge(
                plan,
                new Part(part, PARTS),
                out,
                request(one, GOLDEN.resolve(one.folder)),
                PartCommand.NONE);
    }

    private static PlanRequest request(Case one, Path root) {
        return new PlanRequest("recipe.yml", one.recipe, List.of(root), SMALL_FILES);
    }

    /** The report without what differs from run to run. */
    private static JsonNode report(Path folder) throws IOException {
        ObjectNode report =
                (ObjectNode)
                        new ObjectMapper().readTree(folder.resolve("amalgam-report.json").toFile());
        report.remove("run");
        report.withArray("files").forEach(file -> ((ObjectNode) file).remove("modified_ms"));
        return report;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
