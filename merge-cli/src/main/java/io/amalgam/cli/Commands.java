package io.amalgam.cli;

import io.amalgam.cli.batch.BatchCommand;
import io.amalgam.cli.bench.BenchCommand;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Terminal;
import io.amalgam.cli.console.Version;
import io.amalgam.cli.hub.DownloadCommand;
import io.amalgam.cli.hub.PushCommand;
import io.amalgam.cli.inspect.DiffCommand;
import io.amalgam.cli.inspect.DoctorCommand;
import io.amalgam.cli.inspect.InspectCommand;
import io.amalgam.cli.inspect.MethodsCommand;
import io.amalgam.cli.judge.CheckCommand;
import io.amalgam.cli.judge.EvaluateCommand;
import io.amalgam.cli.judge.StatisticsCommand;
import io.amalgam.cli.lora.LoraCommand;
import io.amalgam.cli.merge.AlignCommand;
import io.amalgam.cli.merge.AverageCommand;
import io.amalgam.cli.merge.BarrierCommand;
import io.amalgam.cli.merge.ConvertCommand;
import io.amalgam.cli.merge.JoinCommand;
import io.amalgam.cli.merge.MergeCommand;
import io.amalgam.cli.merge.MoeCommand;
import io.amalgam.cli.merge.PlanCommand;
import io.amalgam.cli.merge.SoupCommand;
import io.amalgam.cli.merge.StackCommand;
import io.amalgam.cli.merge.UpcycleCommand;
import io.amalgam.cli.merge.UpscaleCommand;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.MergekitOptions;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.report.ReportCommand;
import io.amalgam.cli.search.SearchCommand;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The list of commands. */
final class Commands {
    /** Commands that speak of the others. */
    private static final Set<String> ALL_NEEDED = Set.of("help", "completion");

    private Commands() {}

    private static Map<String, Supplier<CommandLine>> all(
            Console console, Interruption interruption) {
        Map<String, Supplier<CommandLine>> all = new LinkedHashMap<>();
        all.put("merge", () -> withMergekitOptions(new MergeCommand(console, interruption)));
        all.put("join", () -> new CommandLine(new JoinCommand(console)));
        all.put("batch", () -> withMergekitOptions(new BatchCommand(console, interruption)));
        all.put("search", () -> new CommandLine(new SearchCommand(console, interruption)));
        all.put("plan", () -> withMergekitOptions(new PlanCommand(console)));
        all.put("soup", () -> new CommandLine(new SoupCommand(console, interruption)));
        all.put("average", () -> new CommandLine(new AverageCommand(console, interruption)));
        all.put("align", () -> new CommandLine(new AlignCommand(console, interruption)));
        all.put("barrier", () -> new CommandLine(new BarrierCommand(console, interruption)));
        all.put("stack", () -> new CommandLine(new StackCommand(console, interruption)));
        all.put("upscale", () -> new CommandLine(new UpscaleCommand(console, interruption)));
        all.put("moe", () -> moe(console, interruption));
        all.put("convert", () -> new CommandLine(new ConvertCommand(console, interruption)));
        all.put("lora", () -> LoraCommand.line(console, interruption));
        all.put("inspect", () -> new CommandLine(new InspectCommand(console)));
        all.put("diff", () -> new CommandLine(new DiffCommand(console, interruption)));
        all.put("evaluate", () -> new CommandLine(new EvaluateCommand(console, interruption)));
        all.put("check", () -> new CommandLine(new CheckCommand(console, interruption)));
        all.put("statistics", () -> new CommandLine(new StatisticsCommand(console, interruption)));
        all.put("report", () -> new CommandLine(new ReportCommand(console, interruption)));
        all.put("download", () -> new CommandLine(new DownloadCommand(console)));
        all.put("push", () -> new CommandLine(new PushCommand(console)));
        all.put("methods", () -> new CommandLine(new MethodsCommand(console)));
        all.put("doctor", () -> new CommandLine(new DoctorCommand(console)));
        all.put("bench", () -> new CommandLine(new BenchCommand(console)));
        all.put("completion", () -> new CommandLine(new CompletionCommand(console)));
        all.put("warm-up", () -> new CommandLine(new WarmUpCommand()));
        all.put("help", () -> new CommandLine(new HelpCommand()));
        return all;
    }

    /**
     * The command line for some arguments. Describing a command takes time; where the first
     * argument names one, only that one is described.
     */
    @SuppressWarnings("DefaultCharset") // Help goes where and as all else does: to the terminal.
    static CommandLine of(Console console, Interruption interruption, String... args) {
        CommandLine root = new CommandLine(new Root());
        Map<String, Supplier<CommandLine>> all = all(console, interruption);
        String first = args.length == 0 ? "" : args[0];
        boolean alone = all.containsKey(first) && !ALL_NEEDED.contains(first);
        all.forEach(
                (name, command) -> {
                    if (!alone || name.equals(first)) {
                        root.addSubcommand(name, command.get());
                    }
                });
        root.registerConverter(Path.class, Commands::path);
        boolean colour = console.terminal().results() && console.terminal().colour();
        root.setColorScheme(CommandLine.Help.defaultColorScheme(colour ? Ansi.ON : Ansi.OFF));
        root.setOut(new PrintWriter(console.out(), true));
        root.setErr(new PrintWriter(console.err(), true));
        root.setExpandAtFiles(false);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        Terminal terminal = console.terminal();
        // Narrower than 80, what options are called leaves no room for what they do.
        root.setUsageHelpWidth(
                terminal.fitted()
                        ? Math.min(HELP_WIDTH, Math.max(80, terminal.columns()))
                        : HELP_WIDTH);
        root.setUsageHelpLongOptionsMaxWidth(30);
        return root;
    }

    /** Empty text is no path, though Java takes it for the working directory. */
    private static Path path(String text) {
        if (text.isEmpty()) {
            throw new TypeConversionException("no path");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("no path");
        }
    }

    private static final int HELP_WIDTH = 100;

    private static CommandLine moe(Console console, Interruption interruption) {
        CommandLine line =
                new CommandLine(new MoeCommand(console, interruption))
                        .addSubcommand("upcycle", new UpcycleCommand(console, interruption));
        MergekitOptions.addMixturesTo(line.getCommandSpec());
        return line;
    }

    private static CommandLine withMergekitOptions(Subcommand command) {
        CommandLine line = new CommandLine(command);
        MergekitOptions.addTo(line.getCommandSpec());
        return line;
    }

    @Command(
            name = "amalgam",
            description = "Merges machine-learning checkpoints.",
            versionProvider = VersionLine.class,
            synopsisSubcommandLabel = "COMMAND",
            exitCodeListHeading = "%nExit codes:%n",
            exitCodeList = {
                "0:done",
                "1:failed, e.g. disk full or out of memory",
                "2:wrong usage",
                "3:bad input, e.g. a recipe or a model",
                "130:interrupted"
            },
            footerHeading = "%nExamples:%n",
            footer = {
                "  amalgam merge recipe.yml merged/        merge models as a recipe says",
                "  amalgam batch recipes/ merged/          merge every recipe in a folder",
                "  amalgam search recipe.yml merged/       optimise a recipe's parameters, then merge",
                "  amalgam plan recipe.yml                 check a recipe and show the plan",
                "  amalgam align a --to b aligned/         reorder the neurons of a to match b",
                "  amalgam stack a:0-23 b:8-31 stacked/    stack layers without a recipe",
                "  amalgam upscale base --layers 48 deep/  a deeper model for further training",
                "  amalgam moe experts.yml mixture/        a mixture of experts from dense models",
                "  amalgam lora merge base/ adapter/ out/  merge an adapter into a model",
                "  amalgam inspect merged/                 tensors, types, layers and size of a model",
                "  amalgam diff base/ merged/              compare models",
                "  amalgam check merged/                   test whether a model is usable",
                "  amalgam evaluate merged/ --text a.txt   loss and perplexity on a text",
                "  amalgam download org/model              download a model to the cache",
                "  amalgam methods ties                    a merge method and its parameters",
                "",
                "'amalgam COMMAND --help' explains a command."
            })
    static final class Root implements Runnable {
        @Spec private CommandSpec spec;

        @Option(
                names = {"-h", "--help"},
                usageHelp = true,
                description = "Show this help.")
        boolean help;

        @Option(
                names = {"-V", "--version"},
                versionHelp = true,
                description = "Show the version.")
        boolean version;

        @Override
        public void run() {
            throw new ParameterException(spec.commandLine(), "missing command");
        }
    }

    static final class VersionLine implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {Version.line()};
        }
    }
}
