package io.amalgam.recipe;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.Objects;
import java.util.Optional;

/**
 * How a recipe names a model: a path, optionally with a revision, a LoRA adapter to apply, and an
 * architecture name to use instead of the model's own.
 *
 * <p>Two references are equal when their strings are: {@code ./m}, {@code m} and {@code m/} name
 * three different models, which matters to the question whether a model is the base. The location
 * plays no part. Immutable.
 */
public final class ModelRef {
    private final String path;
    private final Optional<String> revision;
    private final Optional<String> lora;
    private final Optional<String> loraRevision;
    private final Optional<String> overrideArchitecture;
    private final Location location;

    /**
     * @throws IllegalArgumentException if the path is empty, or there is a LoRA revision without a
     *     LoRA
     */
    public ModelRef(
            String path,
            Optional<String> revision,
            Optional<String> lora,
            Optional<String> loraRevision,
            Optional<String> overrideArchitecture,
            Location location) {
        if (path.isEmpty()) {
            throw new IllegalArgumentException("a model reference needs a path");
        }
        if (loraRevision.isPresent() && lora.isEmpty()) {
            throw new IllegalArgumentException("a lora revision needs a lora");
        }
        this.path = path;
        this.revision = Objects.requireNonNull(revision, "revision");
        this.lora = Objects.requireNonNull(lora, "lora");
        this.loraRevision = loraRevision;
        this.overrideArchitecture = Objects.requireNonNull(overrideArchitecture, "architecture");
        this.location = Objects.requireNonNull(location, "location");
    }

    /**
     * The model at a path, which is taken as it is: {@code +} and {@code @} have no meaning in it.
     */
    public static ModelRef of(String path) {
        return new ModelRef(
                path,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Location.NONE);
    }

    /**
     * Reads the string form, {@code path[@revision][+lora[@revision]]}.
     *
     * @throws BadInputException if there are two {@code +}, two {@code @} in one part, or an empty
     *     part
     */
    public static ModelRef parse(String text, Location location) {
        String[] parts = text.split("\\+", -1);
        if (parts.length > 2) {
            throw bad(text, "at most one '+'", String.valueOf(parts.length - 1), location);
        }
        String[] model = pathAndRevision(parts[0], text, location);
        String[] lora =
                parts.length == 2 ? pathAndRevision(parts[1], text, location) : new String[0];
        return new ModelRef(
                model[0], part(model, 1), part(lora, 0), part(lora, 1), Optional.empty(), location);
    }

    /**
     * Reads {@code path[@revision]}, where {@code +} is part of the path.
     *
     * @throws BadInputException if there are two {@code @}, or an empty part
     */
    public static ModelRef parsePath(String text, Location location) {
        String[] model = pathAndRevision(text, text, location);
        return new ModelRef(
                model[0],
                part(model, 1),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                location);
    }

    /** Splits {@code path[@revision]}: one or two strings, none empty. */
    private static String[] pathAndRevision(String part, String text, Location location) {
        String[] split = part.split("@", -1);
        if (split.length > 2) {
            throw bad(
                    text, "at most one '@' in a path", String.valueOf(split.length - 1), location);
        }
        if (split[0].isEmpty()) {
            throw bad(text, "a path", "nothing", location);
        }
        if (split.length == 2 && split[1].isEmpty()) {
            throw bad(text, "a revision after '@'", "nothing", location);
        }
        return split;
    }

    private static Optional<String> part(String[] parts, int index) {
        return index < parts.length ? Optional.of(parts[index]) : Optional.empty();
    }

    private static BadInputException bad(
            String text, String expected, String found, Location location) {
        Problem problem =
                Problem.expected("model reference '" + text + "'", expected, found).at(location);
        boolean literal = text.contains("+") || text.contains("@");
        return new BadInputException(literal ? problem.hint(literalForm(text)) : problem);
    }

    private static String literalForm(String path) {
        return "if this is a path as it stands, write the model as {model: {path: '"
                + path.replace("'", "''")
                + "'}}";
    }

    /** The same reference, read somewhere else. */
    public ModelRef at(Location place) {
        return new ModelRef(path, revision, lora, loraRevision, overrideArchitecture, place);
    }

    /** As written; never empty. */
    public String path() {
        return path;
    }

    /** Of a model hub's repository. */
    public Optional<String> revision() {
        return revision;
    }

    /** Path of the adapter to apply to the model before it is merged. */
    public Optional<String> lora() {
        return lora;
    }

    public Optional<String> loraRevision() {
        return loraRevision;
    }

    /** Stands for the list of architectures in the model's config. */
    public Optional<String> overrideArchitecture() {
        return overrideArchitecture;
    }

    public Location location() {
        return location;
    }

    /** How to write this reference so that {@code +} and {@code @} are part of the path. */
    public String literalForm() {
        return literalForm(toString());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelRef ref
                && path.equals(ref.path)
                && revision.equals(ref.revision)
                && lora.equals(ref.lora)
                && loraRevision.equals(ref.loraRevision)
                && overrideArchitecture.equals(ref.overrideArchitecture);
    }

    @Override
    public int hashCode() {
        return Objects.hash(path, revision, lora, loraRevision, overrideArchitecture);
    }

    /** The string form; the architecture has no place in it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(path);
        revision.ifPresent(r -> text.append('@').append(r));
        lora.ifPresent(l -> text.append('+').append(l));
        loraRevision.ifPresent(r -> text.append('@').append(r));
        return text.toString();
    }
}
