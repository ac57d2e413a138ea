package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.options.MergekitOptions;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "plan",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Checks a recipe and shows its plan: bytes read and written, memory. Reads only headers.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam plan recipe.yml",
            "  amalgam plan recipe.yml --tensors     what each output tensor is made of",
            "  amalgam plan recipe.yml --json"
        })
public final class PlanCommand extends Subcommand {
    @Mixin private RecipeArgument planning;

    @Option(names = "--tensors", description = "List every output tensor.")
    private boolean tensors;

    @Mixin private ResourceMixin resources;
    @Mixin private VerbosityMixin verbosity;
    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    public PlanCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        planning.complaint()
                .or(resources::complaint)
                .or(verbosity::complaint)
                .or(stream::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        List<String> remarks = MergekitOptions.remarks(spec);
        if (!verbosity.quiet) {
            remarks.forEach(console::note);
        }
        try (StagedPlan plan =
                planning.plan(stream.amalgam(hub, console, verbosity.quiet || json, true))) {
            console.warnings(plan.warnings());
            StagedPlanView view = new StagedPlanView(plan, resources);
            if (json) {
                Json.print(console, stream.put(view.json(tensors)));
            } else if (!verbosity.quiet) {
                view.lines(tensors).forEach(console::print);
                stream.lines(plan.result()).forEach(console::print);
            }
        }
        return ExitCode.DONE;
    }
}
