package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.ScanProgress;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.report.ComparisonPage;
import io.amalgam.cli.report.MergePages;
import io.amalgam.error.Problem;
import io.amalgam.internal.compare.EffectiveRank;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.compare.TaskVectorRanks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "diff",
        sortOptions = false,
        description = {
            "Compares two models, or a base with its derivatives: by kind, layer and tensor, with configuration and tokenizer.",
            "Accepts what recipes accept: directories, files, hub names, with adapters."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam diff models/base models/chat",
            "  amalgam diff --base models/base models/chat models/code merged/",
            "  amalgam diff model.gguf models/llama --top 30",
            "  amalgam diff base/ chat/ --html chat.html",
            "  amalgam diff base/ chat/ --rank entropy",
            "  amalgam diff a b --exit-code --quiet      exit code 1 if they differ"
        })
public final class DiffCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            index = "0..*",
            arity = "1..*",
            paramLabel = "MODEL",
            description = "Two models, or with --base one or more.")
    private List<String> models = List.of();

    @Option(
            names = "--base",
            paramLabel = "MODEL",
            description = "Compare all models with this one, and their changes with each other.")
    private @Nullable String base;

    @Option(
            names = "--top",
            paramLabel = "N",
            description =
                    "How many of the most changed tensors to list. Default: ${DEFAULT-VALUE}.")
    private int top = 10;

    @Option(
            names = "--rank",
            paramLabel = "KIND",
            description =
                    "Also measure the effective rank of each matrix's change: entropy or stable. Needs an eigenvalue decomposition of each.")
    private @Nullable String rank;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Also write a page with charts, readable offline.")
    private @Nullable Path html;

    @Option(names = "--exit-code", description = "Exit with code 1 if anything differs.")
    private boolean exitCode;

    @Mixin private QuietMixin verbosity;
    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private HubMixin hub;

    public DiffCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        if (html != null) {
            MergePages.requirePlace(html);
        }
        engine.warmUp();
        engine.warmUpComparisons();
        ModelComparison comparison;
        List<Problem> warnings;
        Optional<RankTables> ranks = Optional.empty();
        boolean silent = verbosity.quiet || json;
        try (ComparedModels opened = ComparedModels.open(hub.loader(console, silent), names());
                ScanProgress progress = new ScanProgress(console, "comparing", silent)) {
            warnings = opened.warnings();
            comparison =
                    ModelComparison.of(
                            opened.base(),
                            opened.models(),
                            engine.options(resources),
                            progress,
                            interruption.merging());
            if (rank != null) {
                ranks = Optional.of(ranks(opened, silent));
            }
        }
        warnings.addAll(MergePages.nonFinite(comparison));
        console.warnings(warnings);
        if (html != null) {
            MergePages.text(
                    html,
                    ComparisonPage.of(
                            String.join(", ", names()), comparison, Optional.empty(), warnings));
        }
        if (json) {
            ObjectNode root = DiffJson.of(comparison, warnings);
            ranks.ifPresent(found -> found.json(root));
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            DiffTables tables = new DiffTables(comparison, console);
            tables.print(top);
            ranks.ifPresent(found -> found.print(console, comparison.models()));
            tables.printVerdict();
        }
        return exitCode && comparison.differs() ? ExitCode.DIFFERENT : ExitCode.DONE;
    }

    private RankTables ranks(ComparedModels opened, boolean silent) throws IOException {
        EffectiveRank kind = kind().orElseThrow();
        try (ScanProgress progress = new ScanProgress(console, "ranks", silent)) {
            return new RankTables(
                    kind,
                    TaskVectorRanks.of(
                            opened.base(),
                            opened.models(),
                            kind,
                            engine.options(resources),
                            progress,
                            interruption.merging()));
        }
    }

    private Optional<EffectiveRank> kind() {
        return Arrays.stream(EffectiveRank.values())
                .filter(each -> each.word().equals(rank))
                .findFirst();
    }

    private void checkUsage() {
        if (rank != null && kind().isEmpty()) {
            throw usage("option '--rank': expected entropy or stable, got '" + rank + "'");
        }
        resources
                .complaint()
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        if (base == null && models.size() != 2) {
            throw usage(
                    "models: expected two, or --base and others, got "
                            + models.size()
                            + (models.size() > 2 ? " without --base" : ""));
        }
        if (models.contains("") || "".equals(base)) {
            throw usage("argument 'MODEL': expected a path or a name, got ''");
        }
        if (top < 0) {
            throw usage("option '--top': expected at least 0, got " + top);
        }
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        if (base != null) {
            names.add(base);
        }
        names.addAll(models);
        return names;
    }
}
