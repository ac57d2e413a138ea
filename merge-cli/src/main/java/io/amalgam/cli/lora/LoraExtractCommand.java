package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Rescaled;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.extract.Extracted;
import io.amalgam.internal.lora.extract.Extraction;
import io.amalgam.internal.lora.taskvector.SparseExtraction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "extract",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Extracts a PEFT adapter from a fine-tuned model and its base. Tensors that PEFT cannot adapt, or that factors would not make smaller, are saved in full.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam lora extract tuned/ base/ adapter/ --rank 32",
            "  amalgam lora extract tuned/ base/ adapter/ --energy 0.95      the smallest rank with 95%% of each change",
            "  amalgam lora extract tuned/ base/ change.safetensors --sparse 0.1   the largest tenth of the changes",
            "  amalgam lora extract tuned/ base/ adapter/ --rank 16 --include 'self_attn' --exclude 'layers\\.0\\.'"
        })
final class LoraExtractCommand extends Subcommand {
    @Parameters(index = "0", paramLabel = "TUNED", description = "The fine-tuned model.")
    private Path tuned;

    @Parameters(index = "1", paramLabel = "BASE", description = "The model it was trained from.")
    private Path base;

    @Parameters(
            index = "2",
            paramLabel = "OUT",
            description = "The adapter's directory; with --sparse, a file.")
    private Path out;

    @Option(names = "--rank", paramLabel = "N", description = "Maximum rank of a module.")
    private @Nullable Integer rank;

    @Option(
            names = "--energy",
            paramLabel = "SHARE",
            description =
                    "Use the smallest rank that keeps this share of the change's squared norm.")
    private @Nullable Double energy;

    @Option(
            names = "--sparse",
            paramLabel = "SHARE",
            description =
                    "Instead of factors, store this share of each tensor's elements, those with the largest changes; 1 stores all. OUT is then a .safetensors file for 'lora merge'.")
    private @Nullable Double sparse;

    @Option(
            names = {"-i", "--include"},
            paramLabel = "REGEX",
            description = "Only modules whose names match this regex. Repeatable.")
    private List<String> include = List.of();

    @Option(
            names = {"-e", "--exclude"},
            paramLabel = "REGEX",
            description = "Skip modules whose names match this regex. Repeatable.")
    private List<String> exclude = List.of();

    @Option(
            names = "--skip-undecomposable",
            description =
                    "Leave out tensors that cannot be factored, instead of saving them in full.")
    private boolean skip;

    @Option(
            names = "--fan-in-fan-out",
            description = "Matrices have shape (in, out). Detected for GPT-2.")
    private boolean transposed;

    @Option(
            names = "--base-name",
            paramLabel = "NAME",
            description = "Name of the base in the adapter, such as a hub name. Default: its path.")
    private @Nullable String baseName;

    @Mixin private AdapterMixin output;

    private final List<Problem> warnings = new ArrayList<>();

    LoraExtractCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        if (rank == null && energy == null && sparse == null) {
            throw usage("expected '--rank', '--energy' or '--sparse'");
        }
        if (sparse != null) {
            checkSparse(sparse);
        }
        if (rank != null && rank < 1) {
            throw usage("option '--rank': expected at least 1, got " + rank);
        }
        if (energy != null && !(energy > 0 && energy <= 1)) {
            throw usage(
                    "option '--energy': expected a number above 0 and at most 1, got " + energy);
        }
        output.checkUsage(this);
        ExtractOptions options =
                new ExtractOptions(
                        Optional.ofNullable(rank),
                        Optional.ofNullable(energy),
                        patterns("--include", include),
                        patterns("--exclude", exclude),
                        skip,
                        transposed);
        if (sparse != null) {
            return sparse(options, sparse);
        }
        output.checkFolder(out, List.of(tuned.toString(), base.toString()));
        ModelLoader formats = output.loader(console, json);
        Extracted extracted;
        formats.announce(List.of(tuned, base));
        try (Checkpoint from = formats.open(formats.place(tuned), tuned.toString());
                Checkpoint origin = formats.open(formats.place(base), base.toString())) {
            warn(from, origin);
            // Whoever loads the adapter need not stand in this directory.
            String name =
                    baseName != null
                            ? baseName
                            : Files.exists(base)
                                    ? base.toAbsolutePath().normalize().toString()
                                    : base.toString();
            extracted =
                    Extraction.of(from, origin, name, options, output.type(this), output.threads());
        }
        ObjectNode result = json(extracted);
        output.write(formats, out, extracted.adapter(), result);
        if (json) {
            Json.print(console, result);
        } else if (!output.isQuiet()) {
            print(extracted);
        }
        return ExitCode.DONE;
    }

    /** Says what is odd about the models. */
    private void warn(Checkpoint from, Checkpoint origin) {
        List<Problem> rescaled = new ArrayList<>();
        Rescaled.problem(tuned.toString(), from).ifPresent(rescaled::add);
        Rescaled.problem(base.toString(), origin).ifPresent(rescaled::add);
        if (!rescaled.isEmpty()) {
            throw new BadInputException(rescaled);
        }
        warnings.addAll(from.warnings());
        warnings.addAll(origin.warnings());
        output.warn(console, warnings);
    }

    private void checkSparse(double share) {
        if (rank != null
                || energy != null
                || output.hasType()
                || skip
                || transposed
                || baseName != null) {
            throw usage(
                    "option '--sparse' takes no '--rank', '--energy', '--dtype', '--base-name',"
                            + " '--skip-undecomposable' or '--fan-in-fan-out'");
        }
        if (!(share > 0 && share <= 1)) {
            throw usage("option '--sparse': expected a number above 0 and at most 1, got " + share);
        }
        if (!out.toString().endsWith(".safetensors")) {
            throw usage(
                    "option '--sparse': expected an output that ends in .safetensors, got '"
                            + out
                            + "'");
        }
    }

    private int sparse(ExtractOptions options, double share) throws IOException {
        ModelLoader formats = output.loader(console, json);
        SparseExtraction.Result result;
        formats.announce(List.of(tuned, base));
        try (Checkpoint from = formats.open(formats.place(tuned), tuned.toString());
                Checkpoint origin = formats.open(formats.place(base), base.toString())) {
            warn(from, origin);
            output.checkFile(out, List.of(from, origin));
            result =
                    SparseExtraction.write(
                            from,
                            origin,
                            out,
                            options,
                            share,
                            formats.output("safetensors"),
                            output.threads());
        }
        if (json || !output.isQuiet()) {
            new SparseSummary(result, out).print(console, json);
        }
        return ExitCode.DONE;
    }

    private List<Pattern> patterns(String option, List<String> texts) {
        List<Pattern> patterns = new ArrayList<>();
        for (String text : texts) {
            try {
                patterns.add(Pattern.compile(text));
            } catch (PatternSyntaxException e) {
                throw usage(
                        "option '"
                                + option
                                + "': expected a regular expression, got '"
                                + text
                                + "'");
            }
        }
        return patterns;
    }

    private void print(Extracted extracted) {
        Columns columns = new Columns().row("module", "shape", "rank", "energy kept", "norm");
        for (Extracted.Report report : extracted.modules()) {
            columns.row(
                    report.module(),
                    report.rows() + " x " + report.cols(),
                    report.rank(),
                    LoraCombineCommand.percent(report.energy()),
                    String.format(java.util.Locale.ROOT, "%.4g", report.norm()));
        }
        columns.print(console);
        list("saved whole", extracted.whole());
        list("changed and left out", extracted.skipped());
        console.print(
                Console.oneLine(
                        "extracted to "
                                + out
                                + ": "
                                + Quantity.of(extracted.modules().size(), "module")
                                + ", "
                                + Quantity.of(extracted.whole().size(), "whole tensor")
                                + ", "
                                + Quantity.of(extracted.unchanged(), "tensor")
                                + " unchanged"));
    }

    private void list(String what, List<String> names) {
        if (!names.isEmpty()) {
            console.print(Console.oneLine(what + ": " + String.join(", ", names)));
        }
    }

    private ObjectNode json(Extracted extracted) {
        ObjectNode root = Json.object();
        root.put("output", out.toString());
        ArrayNode array = root.putArray("modules");
        for (Extracted.Report report : extracted.modules()) {
            ObjectNode node = array.addObject();
            node.put("module", report.module());
            node.put("rows", report.rows());
            node.put("cols", report.cols());
            node.put("rank", report.rank());
            node.put("energy", report.energy());
            node.put("norm", report.norm());
        }
        extracted.whole().forEach(root.putArray("whole")::add);
        extracted.skipped().forEach(root.putArray("skipped")::add);
        root.put("unchanged", extracted.unchanged());
        root.put("model", tuned.toString());
        root.put("base", base.toString());
        ObjectNode options = root.putObject("options");
        if (rank != null) {
            options.put("rank", rank);
        }
        if (energy != null) {
            options.put("energy", energy);
        }
        include.forEach(options.putArray("include")::add);
        exclude.forEach(options.putArray("exclude")::add);
        options.put("skip_undecomposable", skip);
        Json.problems(root.putArray("warnings"), warnings);
        return root;
    }
}
