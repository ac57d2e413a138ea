package io.amalgam.cli.bench;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.options.ByteSize;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        sortOptions = false,
        description = {
            "Times merges of synthetic models, and a plain copy for comparison (the floor).",
            "The floor reads every input byte once and writes the output once. Floor and merges each run in their own process."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam bench                              1.1 billion parameters, five rounds",
            "  amalgam bench --size 100m --rounds 3       a quick run",
            "  amalgam bench --methods linear,ties --json",
            "  amalgam bench --fit --rounds 3             start-up time and time per gigabyte",
            "  amalgam bench --decoders                   time to decode quantised weights"
        })
public final class BenchCommand extends Subcommand {
    private static final String SIZE = "1100m";

    @Option(
            names = "--size",
            paramLabel = "N",
            description = "Parameters of each model, with k, m or b. Default: " + SIZE + ".")
    private @Nullable String size;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Number of rounds; results are medians. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--methods",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Methods to measure. Default: all but stack and upscale, which make a model of 48 layers from models of 32.")
    private List<String> methods = List.of();

    @Option(
            names = "--models",
            paramLabel = "DIR",
            description =
                    "Folder for the synthetic models. Default: amalgam-bench in the system's temporary folder.")
    private @Nullable Path models;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Folder for outputs, deleted afterwards. Default: /dev/shm if it exists, else the folder of --models.")
    private @Nullable Path out;

    @Option(
            names = {"-j", "--num-threads"},
            paramLabel = "N",
            description = "Threads of merges and floor. Default: one per processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--no-mergekit",
            description = "Do not run mergekit-yaml for comparison, even if it is on the path.")
    private boolean noMergekit;

    @Option(
            names = "--fit",
            description =
                    "Measure models of 0.3, 1.1 and 2.2 billion parameters, and split the time into start-up and time per gigabyte.")
    private boolean fit;

    @Option(
            names = "--decoders",
            description = "Instead of merges, time one thread that decodes quantised matrices.")
    private boolean decoders;

    @Mixin private QuietMixin verbosity;

    public BenchCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path made =
                models != null
                        ? models
                        : Path.of(System.getProperty("java.io.tmpdir"), "amalgam-bench");
        Path shared = Path.of("/dev/shm");
        Path written = out != null ? out : Files.isWritable(shared) ? shared : made;
        if (rounds < 1 || threads < 1) {
            throw usage("--rounds and --num-threads: expected at least 1");
        }
        if (fit && (decoders || size != null)) {
            throw usage("--fit: it has sizes of its own; expected neither --size nor --decoders");
        }
        if (decoders && (size != null || !methods.isEmpty())) {
            throw usage("--decoders: it measures no merges; expected neither --size nor --methods");
        }
        boolean shown = json || !verbosity.quiet;
        if (decoders) {
            List<DecoderBench.Row> rows = DecoderBench.run(made.resolve("decoders"), rounds);
            if (shown) {
                tables().decoders(rows);
            }
            return ExitCode.DONE;
        }
        List<String> known =
                Stream.concat(BenchCase.ALL.stream(), BenchCase.DEEPER.stream())
                        .map(BenchCase::name)
                        .toList();
        for (String method : methods) {
            if (!known.contains(method)) {
                throw usage(
                        "--methods: '"
                                + method
                                + "' is not measured; expected some of "
                                + String.join(", ", known));
            }
        }
        List<BenchCase> cases = BenchCase.chosen(methods);
        if (fit) {
            List<Slope> slopes = fit(cases, made, written);
            if (shown) {
                tables().slopes(slopes);
            }
            return ExitCode.DONE;
        }
        Bench bench =
                new Bench(
                        new Bench.Options(parameters(), rounds, threads, cases, made, written),
                        this::say);
        List<Bench.Result> results = bench.run();
        Map<String, Double> mergekit = noMergekit ? Map.of() : bench.mergekit();
        if (shown) {
            tables().merges(bench.parameters(), rounds, threads, results, mergekit);
        }
        return ExitCode.DONE;
    }

    private BenchTables tables() {
        return new BenchTables(console, json);
    }

    private List<Slope> fit(List<BenchCase> cases, Path made, Path written)
            throws IOException, InterruptedException {
        List<BenchCase> measured =
                cases.stream().filter(each -> each.slopeGoal() > 0).map(BenchCase::ofTwo).toList();
        if (measured.isEmpty()) {
            throw usage("--fit: expected methods that compute something in --methods");
        }
        List<Slope.Point> points = new ArrayList<>();
        for (long parameters : Slope.SIZES) {
            Bench bench =
                    new Bench(
                            new Bench.Options(parameters, rounds, threads, measured, made, written),
                            this::say);
            for (Bench.Result result : bench.run()) {
                points.add(new Slope.Point(bench.outputBytes(), result));
            }
        }
        return Slope.of(points);
    }

    private void say(String line) {
        if (!verbosity.quiet) {
            console.note(line);
        }
    }

    private long parameters() {
        String asked = size != null ? size : SIZE;
        return ByteSize.parse(asked)
                .map(ByteSize::bytes)
                .filter(parameters -> parameters >= Bench.smallest())
                .orElseThrow(
                        () ->
                                usage(
                                        "--size: expected a number such as 1100m, at least "
                                                + Bench.smallest() / 1_000_000
                                                + "m, got '"
                                                + asked
                                                + "'"));
    }
}
