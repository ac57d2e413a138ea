package io.amalgam.cli.options;

import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.MutuallyExclusiveArgsException;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Wrong usage in the words every message of the project uses. */
public final class UsageProblems {
    /** What the help command says of a command that is none. */
    private static final String WHOLE = "a whole number";

    private static final Pattern UNKNOWN_TO_HELP = Pattern.compile("Unknown subcommand '(.*)'\\.");

    private UsageProblems() {}

    public static Problem of(ParameterException e) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        if (e instanceof UnmatchedArgumentException unmatched) {
            return unmatched(unmatched.getUnmatched().get(0), command);
        }
        if (e instanceof MissingParameterException missing) {
            return missing(missing);
        }
        if (e instanceof MutuallyExclusiveArgsException) {
            // All groups of the commands are one option or another.
            return Problem.of("options " + alternatives(command, " and ") + " exclude each other");
        }
        if (e instanceof OverwrittenOptionException twice) {
            return Problem.of(name(twice.getOverwritten()) + " is given twice");
        }
        ArgSpec argument = e.getArgSpec();
        if (argument != null && e.getValue() != null) {
            return Problem.expected(
                    name(argument),
                    expected(argument) + limit(argument, e.getValue()),
                    "'" + e.getValue() + "'");
        }
        String message = Objects.requireNonNullElse(e.getMessage(), "wrong usage");
        Matcher help = UNKNOWN_TO_HELP.matcher(message);
        return help.matches() ? unmatched(help.group(1), command) : Problem.of(message);
    }

    private static Problem unmatched(String word, CommandSpec command) {
        if (word.startsWith("-")) {
            String option = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
            if (command.optionsMap().containsKey(option)
                    || command.negatedOptionsMap().containsKey(option)) {
                // Only after '--' is the name of an option not taken for one.
                return Problem.of(
                                "option '"
                                        + option
                                        + "' comes after '--', where everything is an argument")
                        .hint("give options before it");
            }
            Problem problem = Problem.of("unknown option '" + option + "'");
            return suggest(problem, option, optionNames(command));
        }
        List<String> subcommands = subcommands(command);
        if (subcommands.isEmpty()) {
            return Problem.of("one argument too many: '" + word + "'");
        }
        if (command.positionalParameters().isEmpty()) {
            return suggest(Problem.of("unknown command '" + word + "'"), word, subcommands);
        }
        // A misspelt command was taken for the first argument.
        List<String> first = command.positionalParameters().get(0).originalStringValues();
        return first.stream()
                .findFirst()
                .flatMap(name -> misspelt(name, command))
                .orElse(Problem.of("one argument too many: '" + word + "'"));
    }

    /** An argument that nearly is the name of a subcommand. */
    public static Optional<Problem> misspelt(String word, CommandSpec command) {
        return Suggestions.likely(word, subcommands(command))
                .map(
                        name ->
                                Problem.of("unknown command '" + word + "'")
                                        .hint("did you mean '" + name + "'?"));
    }

    private static Problem suggest(Problem problem, String word, List<String> known) {
        String bare = word.replaceFirst("^-+", "");
        return Suggestions.likely(word, known)
                .or(
                        () ->
                                known.stream()
                                        .filter(name -> bare.length() > 2 && name.contains(bare))
                                        .findFirst())
                .map(name -> problem.hint("did you mean '" + name + "'?"))
                .orElse(problem);
    }

    private static List<String> subcommands(CommandSpec command) {
        return command.subcommands().values().stream()
                .map(c -> c.getCommandSpec())
                .filter(spec -> !spec.usageMessage().hidden())
                .map(CommandSpec::name)
                .distinct()
                .toList();
    }

    private static List<String> optionNames(CommandSpec command) {
        return Stream.concat(
                        command.optionsMap().keySet().stream(),
                        command.negatedOptionsMap().keySet().stream())
                .filter(name -> name.startsWith("--"))
                .toList();
    }

    private static Problem missing(MissingParameterException e) {
        if (e.getMissing().size() > 1 && e.getMissing().stream().allMatch(ArgSpec::isOption)) {
            return Problem.of(
                    "missing " + alternatives(e.getCommandLine().getCommandSpec(), " or "));
        }
        ArgSpec first = e.getMissing().isEmpty() ? e.getArgSpec() : e.getMissing().get(0);
        if (!(first instanceof PositionalParamSpec positional)) {
            boolean absent = String.valueOf(e.getMessage()).startsWith("Missing required option");
            return absent && first != null
                    ? Problem.of("missing " + name(first))
                            .hint("give it, as in '" + synopsis(first) + "'")
                    : Problem.expected(name(first), expected(first), "nothing");
        }
        // The parser stops at the first one; nothing can follow what is missing.
        String labels =
                e.getCommandLine().getCommandSpec().positionalParameters().stream()
                        .filter(other -> other.required() && !other.index().isUnspecified())
                        .filter(other -> other.index().min() >= positional.index().min())
                        .map(ArgSpec::paramLabel)
                        .collect(Collectors.joining(" and "));
        return Problem.of("missing " + labels);
    }

    private static String synopsis(ArgSpec option) {
        return name(option).replaceFirst("^option '(.*)'$", "$1") + " " + option.paramLabel();
    }

    /** The options of a command's group, of which one is to be given. */
    private static String alternatives(CommandSpec command, String between) {
        return command.argGroups().stream()
                .filter(ArgGroupSpec::validate)
                .flatMap(group -> group.options().stream())
                .map(option -> "'" + name(option) + "'")
                .collect(Collectors.joining(between));
    }

    /** The long name that is declared first: others are those of other tools. */
    private static String name(OptionSpec option) {
        return Stream.of(option.names())
                .filter(name -> name.startsWith("--"))
                .findFirst()
                .orElse(option.longestName());
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option
                ? "option '" + name(option) + "'"
                : "argument '" + argument.paramLabel() + "'";
    }

    /** Of a whole number that is too large to be one here. */
    private static String limit(ArgSpec argument, String given) {
        Class<?> type = argument.type();
        boolean shorter = type == int.class || type == Integer.class;
        return expected(argument).equals(WHOLE) && given.matches("[-+]?\\d+")
                ? " from %d to %d"
                        .formatted(
                                shorter ? Integer.MIN_VALUE : Long.MIN_VALUE,
                                shorter ? Integer.MAX_VALUE : Long.MAX_VALUE)
                : "";
    }

    private static String expected(ArgSpec argument) {
        Class<?> type = argument.type();
        if (type.isEnum()) {
            // Where only some values are documented, these.
            if (argument.completionCandidates() != null
                    && argument.completionCandidates().iterator().hasNext()) {
                return "one of " + String.join(", ", argument.completionCandidates());
            }
            return "one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(c -> c.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
                            .collect(Collectors.joining(", "));
        }
        if (type == ByteSize.class) {
            return "a number of bytes such as 5000000, 512M or 1.5GB";
        }
        if (type == int.class
                || type == long.class
                || type == Integer.class
                || type == Long.class) {
            return WHOLE;
        }
        if (type == Path.class) {
            return "a path";
        }
        return type == Boolean.class || type == boolean.class ? "no value" : argument.paramLabel();
    }
}
