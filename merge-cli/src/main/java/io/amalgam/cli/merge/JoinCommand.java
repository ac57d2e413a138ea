package io.amalgam.cli.merge;

import io.amalgam.Amalgam;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.CardMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.parts.JoinedMerge;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.parts.PartsFolder;
import io.amalgam.internal.parts.PlanRequest;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Completes a model whose parts were merged separately. */
@Command(
        name = "join",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Assembles the parts of a model merged with 'merge --part', once all of them are there.",
            "Checks that all parts belong to one plan, and that no input has changed since."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  for n in 1 2 3; do amalgam merge recipe.yml merged/ --part $n/3; done",
            "  amalgam join merged/"
        })
public final class JoinCommand extends Subcommand {
    @Parameters(index = "0", paramLabel = "OUT", description = "The output of all the parts.")
    private Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an earlier model in OUT.")
    private boolean overwrite;

    @Option(
            names = "--no-report",
            description = "Do not write amalgam-report.json, amalgam-recipe.yml and README.md.")
    private boolean noReport;

    @Mixin private CardMixin card;
    @Mixin private VerbosityMixin verbosity;
    @Mixin private HubMixin hub;

    public JoinCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        verbosity
                .complaint()
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        PartsFolder parts =
                PartsFolder.in(out)
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.expected(
                                                                "output '" + out + "'",
                                                                "parts of a merge",
                                                                "none")
                                                        .hint(
                                                                "merge them with 'amalgam merge RECIPE OUT --part N/COUNT'; what was joined needs no second time")));
        JoinedMerge joined = new JoinedMerge(out, parts);
        PlanRequest request = parts.agreement().request();
        Amalgam amalgam =
                hub.amalgam(console, verbosity.quiet || json)
                        .writing(out)
                        .folders(request.folders());
        try (StagedPlan staged =
                amalgam.plan(
                        Amalgam.recipes(
                                request.recipe(), request.name(), request.options().strict()),
                        request.options(),
                        false)) {
            console.warnings(staged.warnings());
            MergePlan plan = PartedMerge.plan(staged);
            EngineOptions options = card.on(Amalgam.engine()).overwrite(overwrite);
            MergeReport report = joined.run(plan, options.report(!noReport));
            say(plan, report, parts.agreement().parts());
        }
        return ExitCode.DONE;
    }

    private void say(MergePlan plan, MergeReport report, int parts) {
        if (json) {
            Json.print(console, new MergeSummary(plan, report, out).json().put("parts", parts));
        } else if (!verbosity.quiet) {
            List.of(
                            Console.oneLine("joined " + Quantity.of(parts, "part") + " to " + out),
                            String.format(
                                    "%s, %s parameters, %s in %s",
                                    Quantity.of(report.tensors().size(), "tensor"),
                                    Quantity.count(plan.parameters()),
                                    Quantity.bytes(plan.outputBytes()),
                                    Quantity.of(report.files().size(), "file")),
                            String.format(
                                    "the parts read and wrote %s in %s together",
                                    Quantity.bytes(report.bytesMoved()),
                                    Quantity.duration(report.seconds())),
                            "plan " + report.planHash().substring(0, 12))
                    .forEach(console::print);
        }
    }
}
