package io.amalgam.recipe;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.checkpoint.WrittenPath;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A recipe's reference to a model: a path or hub name, optionally with a revision, LoRA adapters to
 * apply, and an architecture name that overrides the model's.
 *
 * <p>References are equal if their paths are equivalent: {@code ./m}, {@code m} and {@code m/} are
 * one model. A reference with a known location on disk ({@link #identified}) equals every other
 * spelling of it. The position in the recipe is ignored. Immutable.
 */
public final class ModelRef {
    private final String path;
    private final Optional<String> revision;
    private final List<AdapterRef> adapters;
    private final Optional<String> overrideArchitecture;
    private final Optional<Alignment> alignment;
    private final Location location;
    private final Identity identity;

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
        this(
                path,
                revision,
                lora.map(l -> List.of(new AdapterRef(l, loraRevision))).orElse(List.of()),
                overrideArchitecture,
                location);
        if (loraRevision.isPresent() && lora.isEmpty()) {
            throw new IllegalArgumentException("a lora revision needs a lora");
        }
    }

    /**
     * @param adapters to apply, in order
     * @throws IllegalArgumentException if the path is empty
     */
    public ModelRef(
            String path,
            Optional<String> revision,
            List<AdapterRef> adapters,
            Optional<String> overrideArchitecture,
            Location location) {
        this(
                path,
                revision,
                adapters,
                overrideArchitecture,
                Optional.empty(),
                location,
                Optional.empty());
    }

    private ModelRef(
            String path,
            Optional<String> revision,
            List<AdapterRef> adapters,
            Optional<String> overrideArchitecture,
            Optional<Alignment> alignment,
            Location location,
            Optional<Identity> known) {
        if (path.isEmpty()) {
            throw new IllegalArgumentException("a model reference needs a path");
        }
        this.path = path;
        this.revision = Objects.requireNonNull(revision, "revision");
        this.adapters = List.copyOf(adapters);
        this.overrideArchitecture = Objects.requireNonNull(overrideArchitecture, "architecture");
        this.alignment = Objects.requireNonNull(alignment, "alignment");
        this.location = Objects.requireNonNull(location, "location");
        this.identity =
                known.orElseGet(
                        () ->
                                new Identity(
                                        place(path),
                                        revision,
                                        this.adapters.stream().map(ModelRef::placed).toList(),
                                        overrideArchitecture));
    }

    /** What references to one model have in common. */
    private record Identity(
            String place,
            Optional<String> revision,
            List<AdapterRef> adapters,
            Optional<String> architecture) {}

    /** One spelling of a path. */
    private static String place(String path) {
        try {
            String place = Path.of(WrittenPath.expanded(path)).normalize().toString();
            return place.isEmpty() ? "." : place;
        } catch (InvalidPathException e) {
            return path;
        }
    }

    /** However its weight is written. */
    private static AdapterRef placed(AdapterRef adapter) {
        return new AdapterRef(place(adapter.path()), adapter.revision(), adapter.weight(), "");
    }

    /** The model at a literal path: {@code +} and {@code @} have no special meaning. */
    public static ModelRef of(String path) {
        return new ModelRef(path, Optional.empty(), List.of(), Optional.empty(), Location.NONE);
    }

    /**
     * Parses the string form: {@code path[@revision]}, then any number of {@code
     * +lora[@revision][:weight]}.
     *
     * @throws BadInputException if there are two {@code @} in one part, or an empty part
     */
    public static ModelRef parse(String text, Location location) {
        return ReferenceText.model(text, location);
    }

    /**
     * Parses {@code path[@revision][:weight]}, with {@code +} as part of the path.
     *
     * @throws BadInputException if there are two {@code @}, or an empty part
     */
    public static AdapterRef parseAdapter(String text, Location location) {
        return ReferenceText.adapter(text, text, location);
    }

    /**
     * Parses {@code path[@revision]}, with {@code +} as part of the path.
     *
     * @throws BadInputException if there are two {@code @}, or an empty part
     */
    public static ModelRef parsePath(String text, Location location) {
        return ReferenceText.path(text, location);
    }

    /** The same reference at another position in the recipe. */
    public ModelRef at(Location place) {
        return new ModelRef(
                path,
                revision,
                adapters,
                overrideArchitecture,
                alignment,
                place,
                Optional.of(identity));
    }

    /**
     * The same reference with its location on disk, without revision and architecture override in
     * comparisons.
     *
     * @param place a unique name of the model on disk
     * @param adapters the same of its adapters, with their weights
     */
    public ModelRef identified(String place, List<AdapterRef> adapters) {
        Identity known =
                new Identity(place, Optional.empty(), List.copyOf(adapters), Optional.empty());
        return new ModelRef(
                path,
                revision,
                this.adapters,
                overrideArchitecture,
                alignment,
                location,
                Optional.of(known));
    }

    /** As {@link #identified(String, List)}, with the adapters that are known already. */
    public ModelRef identified(String place) {
        return identified(place, identity.adapters);
    }

    /** The same reference with its units in another model's order, or as they are stored. */
    public ModelRef aligned(Optional<Alignment> other) {
        return new ModelRef(
                path,
                revision,
                adapters,
                overrideArchitecture,
                other,
                location,
                Optional.of(identity));
    }

    /** The model whose order of units it gets before it is merged. */
    public Optional<Alignment> alignment() {
        return alignment;
    }

    /** As written; never empty. */
    public String path() {
        return path;
    }

    /** The revision of a hub repository. */
    public Optional<String> revision() {
        return revision;
    }

    /** The adapters to apply to the model before it is merged. */
    public List<AdapterRef> adapters() {
        return adapters;
    }

    /** Path of the first adapter. */
    public Optional<String> lora() {
        return adapters.stream().findFirst().map(AdapterRef::path);
    }

    /** Revision of the first adapter. */
    public Optional<String> loraRevision() {
        return adapters.stream().findFirst().flatMap(AdapterRef::revision);
    }

    /** Replaces the list of architectures in the model's configuration. */
    public Optional<String> overrideArchitecture() {
        return overrideArchitecture;
    }

    public Location location() {
        return location;
    }

    /** The notation of this reference in which {@code +} and {@code @} are part of the path. */
    public String literalForm() {
        return ReferenceText.literalForm(toString());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelRef ref
                && identity.equals(ref.identity)
                && alignment.equals(ref.alignment);
    }

    @Override
    public int hashCode() {
        return identity.hashCode();
    }

    /** The string form, without architecture and alignment. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(path);
        revision.ifPresent(r -> text.append('@').append(r));
        adapters.forEach(adapter -> text.append('+').append(adapter));
        return text.toString();
    }

    /**
     * An alignment: units of a model are put in the order of another's.
     *
     * @param method its name, not yet checked
     * @param to the model that stays as it is
     * @param settings of the method by name, as text; not yet checked
     * @param location in the recipe; ignored in comparisons
     */
    public record Alignment(
            String method, ModelRef to, Map<String, String> settings, Location location) {
        public Alignment {
            settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        }

        /** The same to another reference. */
        public Alignment to(ModelRef other) {
            return new Alignment(method, other, settings, location);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Alignment alignment
                    && method.equals(alignment.method)
                    && to.equals(alignment.to)
                    && settings.equals(alignment.settings);
        }

        @Override
        public int hashCode() {
            return Objects.hash(method, to, settings);
        }
    }

    /**
     * An adapter that a recipe applies to a model.
     *
     * @param path as written; never empty
     * @param revision of a hub repository
     * @param weight factor of the adapter. Default: 1
     * @param suffix the weight's text after the path, with its colon; empty if there is none, or if
     *     the weight was given separately
     */
    public record AdapterRef(String path, Optional<String> revision, double weight, String suffix) {
        /** A plus would begin another adapter. */
        private static final Pattern WEIGHED =
                Pattern.compile("(?s)(.+)(:-?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE]-?\\d+)?)");

        /**
         * @throws IllegalArgumentException if there is no path, or the weight is not finite
         */
        public AdapterRef {
            if (path.isEmpty()) {
                throw new IllegalArgumentException("an adapter needs a path");
            }
            if (!Double.isFinite(weight)) {
                throw new IllegalArgumentException("an adapter's weight must be finite");
            }
        }

        /** A whole adapter. */
        public AdapterRef(String path, Optional<String> revision) {
            this(path, revision, 1, "");
        }

        /** The path and the weight's text behind it, which may be empty. */
        static String[] split(String text) {
            Matcher matcher = WEIGHED.matcher(text);
            boolean weighed =
                    matcher.matches()
                            && Double.isFinite(Double.parseDouble(matcher.group(2).substring(1)));
            return weighed
                    ? new String[] {matcher.group(1), matcher.group(2)}
                    : new String[] {text, ""};
        }

        /** Whether the string form is read as this again. */
        public boolean readable() {
            return suffix.isEmpty()
                    ? weight == 1 && split(path)[1].isEmpty() && path.matches("(?s)[^+@]*")
                    : path.matches("(?s)[^+@]*");
        }

        /** The same path with its weight given apart. */
        public AdapterRef weighed(double other) {
            return new AdapterRef(path, revision, other, "");
        }

        /** The path if what was read as a weight is part of it. */
        public String literalPath() {
            return path + suffix;
        }

        @Override
        public String toString() {
            String text = path + revision.map(r -> "@" + r).orElse("");
            return text + (suffix.isEmpty() && weight != 1 ? ":" + weight : suffix);
        }
    }
}
