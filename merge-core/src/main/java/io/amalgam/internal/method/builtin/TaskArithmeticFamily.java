package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.builtin.TaskArithmetic.Member;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import java.util.List;

/** The members of the {@link TaskArithmetic} family. */
public final class TaskArithmeticFamily {
    private static final MethodInfo.Paper ARITHMETIC =
            new MethodInfo.Paper(
                    "Editing models with task arithmetic", "https://arxiv.org/abs/2212.04089");
    private static final MethodInfo.Paper TIES =
            new MethodInfo.Paper(
                    "TIES-Merging: Resolving Interference When Merging Models",
                    "https://arxiv.org/abs/2306.01708");
    private static final MethodInfo.Paper DARE =
            new MethodInfo.Paper(
                    "Language Models are Super Mario (DARE)", "https://arxiv.org/abs/2311.03099");
    private static final MethodInfo.Paper BREADCRUMBS =
            new MethodInfo.Paper(
                    "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks",
                    "https://arxiv.org/abs/2312.06795");
    private static final MethodInfo.Paper DELLA =
            new MethodInfo.Paper(
                    "DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling",
                    "https://arxiv.org/abs/2406.11617");

    private static final String SEARCHED =
            "two passes; a list of up to 4 MiB a worker of what is near the cut";
    private static final String DRAWN = "two passes, one without rescaling by the norm";
    private static final String RANKED =
            "two passes, one without rescaling by the norm; whole rows of each model, masks of up to 24 MiB a tensor";

    private TaskArithmeticFamily() {}

    public static List<MergeMethod> all() {
        return List.of(
                new TaskArithmetic(
                        new Member(
                                "task_arithmetic",
                                "adds weighted task vectors to the base",
                                "base + lambda * sum(w_i * d_i), d_i = x_i - base",
                                Sparsifier.NONE,
                                false,
                                false,
                                false,
                                ARITHMETIC,
                                "one pass, nothing held")),
                new TaskArithmetic(
                        new Member(
                                "ties",
                                "trims task vectors to their largest elements, elects a sign, adds what agrees",
                                "base + lambda * sum(w_i * top(d_i) with the majority sign) / sum(those w_i)",
                                Sparsifier.MAGNITUDE,
                                true,
                                true,
                                false,
                                TIES,
                                SEARCHED)),
                new TaskArithmetic(
                        new Member(
                                "magnitude_prune",
                                "trims task vectors to their largest elements, adds them",
                                "base + lambda * sum(w_i * top(d_i))",
                                Sparsifier.MAGNITUDE,
                                false,
                                false,
                                false,
                                TIES,
                                SEARCHED)),
                new TaskArithmetic(
                        new Member(
                                "dare_linear",
                                "drops random elements of task vectors, rescales, adds",
                                "base + lambda * sum(w_i * c_i * random(d_i)), c_i restores the L1 norm",
                                Sparsifier.RANDOM,
                                false,
                                false,
                                true,
                                DARE,
                                DRAWN)),
                new TaskArithmetic(
                        new Member(
                                "dare_ties",
                                "drops random elements of task vectors, rescales, elects a sign, adds what agrees",
                                "base + lambda * sum(w_i * c_i * random(d_i) with the majority sign)",
                                Sparsifier.RANDOM,
                                true,
                                false,
                                true,
                                DARE,
                                DRAWN)),
                new TaskArithmetic(
                        new Member(
                                "breadcrumbs",
                                "drops the smallest and the very largest elements of task vectors, adds the others",
                                "base + lambda * sum(w_i * middle(d_i))",
                                Sparsifier.MAGNITUDE_OUTLIERS,
                                false,
                                false,
                                false,
                                BREADCRUMBS,
                                SEARCHED)),
                new TaskArithmetic(
                        new Member(
                                "breadcrumbs_ties",
                                "drops the smallest and the very largest elements of task vectors, elects a sign, adds what agrees",
                                "base + lambda * sum(w_i * middle(d_i) with the majority sign)",
                                Sparsifier.MAGNITUDE_OUTLIERS,
                                true,
                                false,
                                false,
                                BREADCRUMBS,
                                SEARCHED)),
                new TaskArithmetic(
                        new Member(
                                "della_linear",
                                "drops random elements of task vectors, small ones of a row more often, rescales, adds",
                                "base + lambda * sum(w_i * c_i * ranked(d_i)), c_i restores the L1 norm",
                                Sparsifier.RANKED,
                                false,
                                false,
                                true,
                                DELLA,
                                RANKED)),
                new TaskArithmetic(
                        new Member(
                                "della",
                                "drops random elements of task vectors, small ones of a row more often, rescales, elects a sign, adds what agrees",
                                "base + lambda * sum(w_i * c_i * ranked(d_i) with the majority sign) / sum(those w_i)",
                                Sparsifier.RANKED,
                                true,
                                true,
                                true,
                                DELLA,
                                RANKED)));
    }
}
