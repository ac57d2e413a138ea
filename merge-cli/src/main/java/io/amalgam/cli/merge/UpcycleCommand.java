package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.LayoutMixin;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.internal.structure.moe.Upcycling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "upcycle",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Makes a mixture of experts from one dense model; each expert starts as a copy of its feed-forward block.",
            "The result computes the same function as the model: a start for continued training."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam moe upcycle models/base mixture/ --experts 8 --top-k 2",
            "  amalgam moe upcycle models/base mixture/ --experts 8 --every 2 --noise-scale 0.01"
        })
public final class UpcycleCommand extends PlannedMergeCommand {
    /** Twice what the widest published mixtures have: a plan's memory grows with them. */
    private static final int MOST_EXPERTS = 4096;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The dense model.")
    private String model = "";

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The output directory, new or empty. Inputs are never overwritten.")
    private Path out = Path.of("");

    @Option(names = "--experts", paramLabel = "N", description = "Experts per layer. Default: 8.")
    private int experts = 8;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "Active experts per token. Default: 2.")
    private int topK = 2;

    @Option(
            names = "--every",
            paramLabel = "N",
            description = "Experts in every N-th layer; the others stay dense. Default: 1.")
    private int every = 1;

    @Option(
            names = "--router-scale",
            paramLabel = "X",
            description = "Standard deviation of the routers' random rows. Default: 0.02.")
    private double routerScale = 0.02;

    @Option(
            names = "--noise-scale",
            paramLabel = "X",
            description = "Standard deviation of noise added to the experts. Default: no noise.")
    private double noise;

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description =
                    "Mixtral, DeepSeek MoE, Qwen MoE or Qwen3 MoE, or a prefix of one. Default: the first possible one.")
    private @Nullable String architecture;

    @Mixin private LayoutMixin layout;
    @Mixin private PlanOptionsMixin planning;

    public UpcycleCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected void checkUsage() {
        super.checkUsage();
        atLeastOne("experts", experts);
        atLeastOne("top-k", topK);
        atLeastOne("every", every);
        if (topK > experts) {
            throw usage(
                    "option '--top-k': expected at most "
                            + experts
                            + ", the number of experts, got "
                            + topK);
        }
        if (architecture != null && !Upcycling.isArchitecture(architecture)) {
            throw usage(
                    "option '--architecture': expected the beginning of one of "
                            + String.join(", ", Upcycling.architectures())
                            + ", got '"
                            + architecture
                            + "'");
        }
        if (experts > MOST_EXPERTS) {
            throw usage(
                    "option '--experts': expected at most " + MOST_EXPERTS + ", got " + experts);
        }
        scale("router-scale", routerScale);
        scale("noise-scale", noise);
    }

    private void atLeastOne(String option, int value) {
        if (value < 1) {
            throw usage("option '--" + option + "': expected at least 1, got " + value);
        }
    }

    private void scale(String option, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw usage(
                    "option '--" + option + "': expected a finite number from 0 up, got " + value);
        }
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        String type = ModelHeaders.read(loader(), model, opened -> opened.facts().type());
        Upcycling upcycling =
                new Upcycling(
                        experts,
                        topK,
                        every,
                        routerScale,
                        noise,
                        Optional.ofNullable(architecture));
        return StagedPlan.of(
                MoeCommand.plan(
                        upcycling.recipe(model, type),
                        layout,
                        planning,
                        amalgam().folders(ModelHeaders.FOLDERS),
                        false));
    }

    @Override
    protected Path out() {
        return out;
    }

    @Override
    protected List<String> afterwards() {
        return List.of(
                noise == 0
                        ? "the mixture computes what the model did: it is a start for continued training"
                        : "the mixture computes what the model did, but for the noise: it is a start for continued training");
    }
}
