package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.WeightedPath;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.combine.CombineResult;
import io.amalgam.internal.lora.combine.UnusedOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "combine",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Combines several adapters into one.",
            "'cat' is the exact weighted sum, 'exact' its best approximation at a given rank; the others are as in PEFT. With --on, any merge method works on the full changes ('deltas') or on small matrices in a shared basis ('core', 'knots')."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam lora combine --method cat style:0.7 task:0.5 both/",
            "  amalgam lora combine --method exact --rank 16 style task both/",
            "  amalgam lora combine --method ties --density 0.3 --on core a b c abc/"
        })
final class LoraCombineCommand extends Subcommand {
    @Parameters(
            arity = "2..*",
            paramLabel = "ADAPTER[:WEIGHT]... OUT",
            hideParamSyntax = true,
            description = "Adapters, each with its weight; last, the output directory.")
    private List<String> words = List.of();

    @Option(
            names = "--method",
            required = true,
            paramLabel = "NAME",
            description =
                    "cat, exact, linear, svd, ties, dare_linear, dare_ties, magnitude_prune, the last four also with _svd; with --on, a merge method.")
    private String method = "";

    @Option(
            names = "--on",
            paramLabel = "WHAT",
            description =
                    "What the method works on: factors, deltas, knots, knots_per_module or core. Default: factors.")
    private CombineOptions.On on = CombineOptions.On.FACTORS;

    @Option(
            names = "--density",
            paramLabel = "D",
            description = "Share of elements that pruning keeps.")
    private @Nullable Double density;

    @Option(
            names = "--rank",
            paramLabel = "R",
            description =
                    "The new rank. Default: the largest rank of the adapters; for exact, full rank.")
    private @Nullable Integer rank;

    /** The election of signs. */
    enum Sign {
        TOTAL,
        FREQUENCY
    }

    @Option(
            names = "--sign-method",
            paramLabel = "WHICH",
            description =
                    "Elect signs by sum (total) or by number of adapters (frequency). Default: total.")
    private Sign sign = Sign.TOTAL;

    @Option(
            names = "--svd-clamp",
            paramLabel = "Q",
            description = "Clamp outliers of the new factors at this quantile (svd and *_svd).")
    private @Nullable Double clamp;

    @Option(
            names = "--parameter",
            paramLabel = "NAME=VALUE",
            description = "Another parameter of the merge method. Repeatable.")
    private Map<String, String> parameters = new LinkedHashMap<>();

    @Option(
            names = "--random-seed",
            paramLabel = "N",
            description = "Seed of random methods. Default: 0.")
    private long seed;

    @Mixin private AdapterMixin output;

    LoraCombineCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        Path out = LoraArguments.out(words, this);
        output.checkUsage(this);
        requireOneValueEach();
        if (rank != null && rank < 1) {
            throw usage("option '--rank': expected at least 1, got " + rank);
        }
        if (clamp != null && !(clamp > 0 && clamp <= 1)) {
            throw usage(
                    "option '--svd-clamp': expected a number above 0 and at most 1, got " + clamp);
        }
        CombineOptions options =
                new CombineOptions(
                        method,
                        on,
                        Optional.ofNullable(density),
                        Optional.ofNullable(rank),
                        sign == Sign.FREQUENCY,
                        Optional.ofNullable(clamp),
                        Map.copyOf(parameters),
                        seed);
        ModelLoader formats = output.loader(console, json);
        output.checkFolder(out, words.subList(0, words.size() - 1));
        List<WeightedPath> paths = LoraArguments.adapters(words, this);
        List<WeightedAdapter> adapters = WeightedPath.open(formats, paths);
        CombineResult combined;
        try {
            combined = AdapterCombiner.of(adapters, options, output.type(this), output.threads());
        } finally {
            for (WeightedAdapter weighted : adapters) {
                weighted.adapter().close();
            }
        }
        output.warn(console, combined.warnings());
        ObjectNode result = json(combined, out, paths, options);
        output.write(formats, out, combined.adapter(), result);
        if (json) {
            Json.print(console, result);
        } else if (!output.isQuiet()) {
            print(combined, out);
        }
        return ExitCode.DONE;
    }

    /** A map keeps the last of several values for a name. */
    private void requireOneValueEach() {
        Set<String> given = new HashSet<>();
        OptionSpec option = spec.commandLine().getParseResult().matchedOption("--parameter");
        for (String text : option == null ? List.<String>of() : option.originalStringValues()) {
            String name = text.split("=", 2)[0];
            if (!given.add(name)) {
                throw usage("option '--parameter': '" + name + "' is given twice");
            }
        }
    }

    private void print(CombineResult combined, Path out) {
        Columns columns =
                new Columns().row("module", "shape", "rank", "norm", "discarded", "cross terms");
        for (CombineResult.Report report : combined.modules()) {
            columns.row(
                    report.module(),
                    report.out() + " x " + report.in(),
                    report.rank(),
                    String.format(Locale.ROOT, "%.4g", report.norm()),
                    percent(report.discarded()),
                    report.crossTerms().map(LoraCombineCommand::percent).orElse("-"));
        }
        columns.print(console);
        combined.renamed()
                .forEach(
                        (adapter, names) -> {
                            Map.Entry<String, String> one = names.entrySet().iterator().next();
                            console.print(
                                    Console.oneLine(
                                            Quantity.of(names.size(), "name")
                                                    + " of "
                                                    + adapter
                                                    + " as the first adapter has them, such as '"
                                                    + one.getKey()
                                                    + "' as '"
                                                    + one.getValue()
                                                    + "'"));
                        });
        combined.kept()
                .forEach(
                        (tensor, adapter) ->
                                console.print(
                                        Console.oneLine("kept '" + tensor + "' of " + adapter)));
        console.print(
                Console.oneLine(
                        "combined to "
                                + out
                                + ": "
                                + Quantity.of(combined.modules().size(), "module")
                                + ", at most "
                                + percent(combined.mostDiscarded())
                                + " of a module's energy discarded"));
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.4g%%", 100 * share);
    }

    private ObjectNode json(
            CombineResult combined, Path out, List<WeightedPath> adapters, CombineOptions options) {
        ObjectNode root = Json.object();
        root.put("output", out.toString());
        root.put("method", method);
        root.put("on", on.toString().toLowerCase(Locale.ROOT));
        used(root.putObject("options"), options);
        ArrayNode inputs = root.putArray("adapters");
        for (WeightedPath adapter : adapters) {
            inputs.addObject().put("adapter", adapter.path()).put("weight", adapter.weight());
        }
        ArrayNode array = root.putArray("modules");
        for (CombineResult.Report report : combined.modules()) {
            ObjectNode node = array.addObject();
            node.put("module", report.module());
            node.put("out", report.out());
            node.put("in", report.in());
            node.put("rank", report.rank());
            node.put("norm", report.norm());
            node.put("discarded", report.discarded());
            report.crossTerms().ifPresent(share -> node.put("cross_terms", share));
        }
        ArrayNode kept = root.putArray("kept");
        combined.kept()
                .forEach((tensor, of) -> kept.addObject().put("tensor", tensor).put("adapter", of));
        ObjectNode renamed = root.putObject("renamed");
        combined.renamed()
                .forEach((adapter, names) -> names.forEach(renamed.putObject(adapter)::put));
        Json.problems(root.putArray("warnings"), combined.warnings());
        return root;
    }

    /** What the method was told besides its name. */
    private void used(ObjectNode node, CombineOptions options) {
        options.density().ifPresent(share -> node.put("density", share));
        options.rank().ifPresent(wanted -> node.put("rank", wanted));
        options.clamp().ifPresent(quantile -> node.put("svd_clamp", quantile));
        if (method.matches(".*ties(_svd)?") && on == CombineOptions.On.FACTORS) {
            node.put("sign_method", sign.toString().toLowerCase(Locale.ROOT));
        }
        node.put("random_seed", seed);
        parameters.forEach(node::put);
        node.remove(UnusedOptions.of(options));
    }
}
