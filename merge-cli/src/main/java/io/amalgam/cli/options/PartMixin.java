package io.amalgam.cli.options;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartCommand;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option to write a part of a model. */
public final class PartMixin {
    private static final String NAME = "--part";
    private static final String PASS = "--pass";

    /** What is for the whole model, or cannot be the same on several machines. */
    private static final List<String> ALONE =
            List.of(
                    "--html",
                    "--html-exact",
                    "--keep-stages",
                    "--no-report",
                    "--write-model-card",
                    "--stream");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = NAME,
            paramLabel = "N/COUNT",
            description =
                    "Write one part of the model, such as 3/8, on any machine; 'amalgam join OUT' completes it (docs/scale.md).")
    private @Nullable String part;

    @Option(
            names = PASS,
            paramLabel = "N",
            description =
                    "With --part, run only pass N of the method over this part's share of the model ('amalgam plan' shows how many passes there are).")
    private int pass;

    /** The pass to make a share of; 0 for none. */
    public int pass() {
        return pass;
    }

    /** The part; empty for the whole. */
    public Optional<Part> part() {
        return Optional.ofNullable(part).map(Part::parse);
    }

    /** What is wrong with the value given, or with other options beside it. */
    public Optional<String> complaint() {
        boolean passes = given(PASS);
        if (part == null) {
            return passes
                    ? Optional.of("option '" + PASS + "' needs '" + NAME + "'")
                    : Optional.empty();
        }
        if (passes && pass < 1) {
            return Optional.of("option '" + PASS + "': expected at least 1, got " + pass);
        }
        try {
            Part.parse(part);
        } catch (BadInputException e) {
            return Optional.of(e.problems().get(0).withWhat("option '" + NAME + "'").toString());
        }
        for (String other : ALONE) {
            if (given(other)) {
                return Optional.of("options '" + NAME + "' and '" + other + "' exclude each other");
            }
        }
        return Optional.empty();
    }

    private boolean given(String option) {
        return command.optionsMap().containsKey(option)
                && command.commandLine().getParseResult().hasMatchedOption(option);
    }

    /** The command as it was given, for any part. */
    public PartCommand command() {
        StringBuilder text = new StringBuilder("amalgam");
        String before = "";
        for (String word : command.commandLine().getParseResult().originalArgs()) {
            boolean own = word.equals(NAME) || word.equals(PASS);
            boolean value = before.equals(NAME) || before.equals(PASS);
            if (!own && !value && !word.startsWith(NAME + "=") && !word.startsWith(PASS + "=")) {
                text.append(' ').append(quoted(word));
            }
            before = word;
        }
        String of = text + " " + NAME + " {part}/" + part().orElseThrow().of();
        return new PartCommand(of, of + " " + PASS + " {pass}");
    }

    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_./:=@%+,-]+") ? word : '"' + word + '"';
    }
}
