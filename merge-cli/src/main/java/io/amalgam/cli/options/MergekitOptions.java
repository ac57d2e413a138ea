package io.amalgam.cli.options;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Adds mergekit's other options to a command, and answers those that are given. */
public final class MergekitOptions {
    private MergekitOptions() {}

    /** Adds those of mergekit-yaml. */
    public static void addTo(CommandSpec command) {
        addTo(command, "mergekit-yaml", false);
    }

    /** Adds those of mergekit-moe. */
    public static void addMixturesTo(CommandSpec command) {
        addTo(command, "mergekit-moe", true);
    }

    private static void addTo(CommandSpec command, String tool, boolean mixtures) {
        ArgGroupSpec.Builder group =
                ArgGroupSpec.builder()
                        .heading("%nOptions of " + tool + ", accepted without effect:%n")
                        .validate(false)
                        .order(100);
        for (MergekitOption option : MergekitOption.values()) {
            boolean known = command.optionsMap().containsKey(option.flag());
            if (known || (option.ofMixtures() && !mixtures)) {
                continue;
            }
            if (option.refused()) {
                command.addOption(spec(option, true));
            } else {
                group.addArg(spec(option, false));
            }
        }
        command.addArgGroup(group.build());
    }

    private static OptionSpec spec(MergekitOption option, boolean hidden) {
        OptionSpec.Builder spec = OptionSpec.builder(option.flag()).hidden(hidden);
        Optional<String> argument = option.argument();
        if (argument.isPresent()) {
            spec.type(String.class).paramLabel(argument.get());
        } else {
            spec.type(Boolean.class).negatable(option.negatable());
        }
        return spec.build();
    }

    /**
     * @return a line for each option that was given in vain
     * @throws ParameterException for one that cannot be ignored
     */
    public static List<String> remarks(CommandSpec command) {
        ParseResult parsed = command.commandLine().getParseResult();
        List<String> remarks = new ArrayList<>();
        for (MergekitOption option : MergekitOption.values()) {
            if (declared(option, command) && parsed.hasMatchedOption(option.flag())) {
                Object value = parsed.matchedOptionValue(option.flag(), null);
                option.refusal(value)
                        .ifPresent(
                                text -> {
                                    throw new ParameterException(command.commandLine(), text);
                                });
                option.remark(value).ifPresent(remarks::add);
            }
        }
        return remarks;
    }

    /** Whether it was added here: another of the same name has an effect. */
    private static boolean declared(MergekitOption option, CommandSpec command) {
        // Unlike findOption this does not interpolate the names of all options each time.
        OptionSpec spec = command.optionsMap().get(option.flag());
        return spec != null && spec.userObject() == null;
    }
}
