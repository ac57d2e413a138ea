package io.amalgam.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The list of commands. */
final class Commands {
    private Commands() {}

    static CommandLine of(Console console, Interruption interruption) {
        CommandLine root = new CommandLine(new Root());
        root.addSubcommand(withMergekitOptions(new MergeCommand(console, interruption)));
        root.addSubcommand(withMergekitOptions(new PlanCommand(console)));
        root.addSubcommand(new InspectCommand(console));
        root.addSubcommand(new MethodsCommand(console));
        root.addSubcommand(new DoctorCommand(console));
        root.addSubcommand(new BenchCommand(console));
        root.addSubcommand(new CompletionCommand(console));
        root.addSubcommand(new WarmUpCommand());
        root.addSubcommand(new HelpCommand());
        boolean colour = console.terminal().results() && console.terminal().colour();
        root.setColorScheme(CommandLine.Help.defaultColorScheme(colour ? Ansi.ON : Ansi.OFF));
        root.setOut(new PrintWriter(console.out(), true));
        root.setErr(new PrintWriter(console.err(), true));
        root.setExpandAtFiles(false);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setUsageHelpWidth(100);
        root.setUsageHelpLongOptionsMaxWidth(30);
        return root;
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
                "1:failed: storage, memory",
                "2:wrong usage",
                "3:bad input: a recipe, a model",
                "130:interrupted"
            },
            footerHeading = "%nExamples:%n",
            footer = {
                "  amalgam merge recipe.yml merged/        merge models as a recipe says",
                "  amalgam plan recipe.yml                 check a recipe, see what it would do",
                "  amalgam inspect merged/                 what is in a model",
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
        private boolean help;

        @Option(
                names = {"-V", "--version"},
                versionHelp = true,
                description = "Show the version.")
        private boolean version;

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
