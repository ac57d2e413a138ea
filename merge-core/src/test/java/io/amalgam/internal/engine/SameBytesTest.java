package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The bytes of a merge depend on the recipe and its models, and on nothing else. */
class SameBytesTest {
    @TempDir static Path root;

    /** A recipe of each kind of stage. */
    enum Case {
        LINEAR(Merges.LINEAR),
        SLERP(
                """
                merge_method: slerp
                base_model: base
                models: [{model: one}]
                parameters: {t: [0.2, 0.8]}
                """),
        NUSLERP_ROWS(
                """
                merge_method: nuslerp
                base_model: base
                models: [{model: one}, {model: two}]
                parameters: {weight: 0.6, nuslerp_flatten: false}
                """),
        NUSLERP_COLUMNS(
                """
                merge_method: nuslerp
                models: [{model: one}, {model: two}]
                parameters: {weight: 0.6, nuslerp_flatten: false, nuslerp_row_wise: true}
                """),
        MULTISLERP(
                """
                merge_method: multislerp
                base_model: base
                models: [{model: one}, {model: two}]
                parameters: {weight: [0.2, 0.8]}
                """),
        KARCHER(
                """
                merge_method: karcher
                models: [{model: base}, {model: one}, {model: two}]
                """),
        MODEL_STOCK(
                """
                merge_method: model_stock
                base_model: base
                models: [{model: one}, {model: two}]
                """),
        NEARSWAP(
                """
                merge_method: nearswap
                base_model: base
                models: [{model: one}]
                parameters: {t: 0.01}
                """),
        ARCEE_FUSION(
                """
                merge_method: arcee_fusion
                base_model: base
                models: [{model: one}]
                """),
        GEOMETRIC_MEDIAN(
                """
                merge_method: geometric_median
                models: [{model: base}, {model: one}, {model: two}]
                """),
        TRIMMED_MEAN(
                """
                merge_method: trimmed_mean
                models: [{model: base}, {model: one}, {model: two}]
                parameters: {trim: 0}
                """),
        TASK_ARITHMETIC(
                """
                merge_method: task_arithmetic
                base_model: base
                models: [{model: one}, {model: two}]
                parameters: {weight: 0.6, lambda: 1.1}
                """),
        TIES(Merges.TIES),
        DARE_TIES(Merges.TIES.replace("ties", "dare_ties")),
        DARE_LINEAR(
                Merges.TIES.replace("ties", "dare_linear") + "parameters: {rescale: density}\n"),
        TIES_OF_THE_WHOLE_MODEL(Merges.TIES + "parameters: {trim_scope: model}\n"),
        PCB(
                """
                merge_method: pcb
                base_model: base
                models: [{model: one}, {model: two}]
                """),
        KRUM(
                """
                merge_method: krum
                models: [{model: one}, {model: base}, {model: two}]
                parameters: {multi: 2}
                """),
        BREADCRUMBS_TIES(
                Merges.TIES.replace("ties", "breadcrumbs_ties") + "parameters: {gamma: 0.1}\n"),
        DELLA(Merges.TIES.replace("ties", "della") + "parameters: {epsilon: 0.1}\n"),
        DELLA_LINEAR(
                Merges.TIES.replace("ties", "della_linear")
                        + "parameters: {epsilon: 0.1, rescale: density, lines_beta: 0.3}\n"),
        SCE(
                Merges.TIES.replace("ties", "sce")
                        + "parameters: {select_topk: 0.3, sign_method: frequency}\n"),
        RAMPLUS_TL(Merges.TIES.replace("ties", "ramplus_tl") + "parameters: {epsilon: 0.1}\n"),
        CONSENSUS(
                Merges.TIES.replace("ties", "consensus") + "parameters: {equalize_norms: true}\n"),
        CABS(Merges.TIES.replace("ties", "cabs") + "parameters: {n_val: 5, m_val: 13}\n"),
        PASSTHROUGH(
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: one, layer_range: [0, 2]}]
                  - sources: [{model: two, layer_range: [1, 2], parameters: {scale: 0.5}}]
                """);

        final Recipe recipe;

        Case(String text) {
            recipe = Merges.recipe(text);
        }
    }

    private static final Map<Case, String> CHECKSUMS =
            Map.ofEntries(
                    Map.entry(Case.LINEAR, "9f060a1e"),
                    Map.entry(Case.SLERP, "14b21790"),
                    Map.entry(Case.NUSLERP_ROWS, "4bc252c6"),
                    Map.entry(Case.NUSLERP_COLUMNS, "23f914cb"),
                    Map.entry(Case.MULTISLERP, "f2a37260"),
                    Map.entry(Case.KARCHER, "3af9605d"),
                    Map.entry(Case.MODEL_STOCK, "4ec27798"),
                    Map.entry(Case.NEARSWAP, "25353c91"),
                    Map.entry(Case.ARCEE_FUSION, "91efbee5"),
                    Map.entry(Case.GEOMETRIC_MEDIAN, "1960b96f"),
                    Map.entry(Case.TRIMMED_MEAN, "8a2dc182"),
                    Map.entry(Case.TASK_ARITHMETIC, "af1d99a6"),
                    Map.entry(Case.TIES, "50b7c65a"),
                    Map.entry(Case.DARE_TIES, "ae96aeda"),
                    Map.entry(Case.DARE_LINEAR, "6ba10b0e"),
                    Map.entry(Case.TIES_OF_THE_WHOLE_MODEL, "5e5be23a"),
                    Map.entry(Case.PCB, "de5ac503"),
                    Map.entry(Case.KRUM, "16db48db"),
                    Map.entry(Case.BREADCRUMBS_TIES, "c9dad618"),
                    Map.entry(Case.DELLA, "a6e43396"),
                    Map.entry(Case.DELLA_LINEAR, "98463e4"),
                    Map.entry(Case.SCE, "e1a60666"),
                    Map.entry(Case.RAMPLUS_TL, "96be659a"),
                    Map.entry(Case.CONSENSUS, "164ea39b"),
                    Map.entry(Case.CABS, "c87c187b"),
                    Map.entry(Case.PASSTHROUGH, "77fd9395"));

    /** What each merge gives with one thread and blocks of full size. */
    private static final Map<Case, Path> REFERENCES = new EnumMap<>(Case.class);

    @BeforeAll
    static void models() throws IOException {
        TestModel.writeThree(root);
        for (Case merge : Case.values()) {
            Path out = root.resolve("reference-" + merge);
            REFERENCES.put(merge, run(merge, out, Options.DEFAULT.threads(1)));
        }
    }

    /**
     * What was written once is written for ever: another sum here is another result for every user.
     */
    @ParameterizedTest
    @EnumSource(Case.class)
    void inEveryVersion(Case merge) throws IOException {
        CRC32C crc = new CRC32C();
        crc.update(Files.readAllBytes(REFERENCES.get(merge)));
        assertThat(Long.toHexString(crc.getValue())).isEqualTo(CHECKSUMS.get(merge));
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void forAnyNumberOfThreadsAndSizeOfBlocks(Case merge, @TempDir Path temp) throws IOException {
        for (int threads : new int[] {2, 5}) {
            int block = threads == 2 ? 1 << 13 : 1 << 10;
            Options options =
                    Options.DEFAULT
                            .threads(threads)
                            .memory(memoryFor(merge.recipe, threads, block));
            assertThat(run(merge, temp.resolve("out" + threads), options))
                    .hasSameBinaryContentAs(REFERENCES.get(merge));
        }
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void forScalarAndVectorKernels(Case merge, @TempDir Path temp) throws IOException {
        assumeTrue(
                ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
                "vector kernels need --add-modules jdk.incubator.vector");
        Options vectors =
                Options.DEFAULT.kernels(
                        KernelProvider.choose(KernelProvider.Choice.SIMD).kernels());
        assertThat(vectors.build().kernels().name()).startsWith("simd");
        assertThat(run(merge, temp.resolve("out"), vectors))
                .hasSameBinaryContentAs(REFERENCES.get(merge));
    }

    private static Path run(Case merge, Path out, Options options) throws IOException {
        Merges.run(merge.recipe, root, out, options.build());
        return out.resolve("model.plain");
    }

    /** A budget that makes the engine choose this block. */
    private static long memoryFor(Recipe recipe, int threads, int block) throws IOException {
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            MemoryNeeds needs = MemoryNeeds.of(plan, threads);
            long memory = 64 << 20;
            while (needs.blockElements(memory) > block) {
                memory -= 1 << 13;
            }
            assertThat(needs.blockElements(memory)).isEqualTo(block);
            return memory;
        }
    }
}
