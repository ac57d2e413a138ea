package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.match.Similarity;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The search for the order of one model's units in another. */
public final class AlignmentRun implements Preparation {
    /** How lines begin that tell what stays where it is. */
    public static final String STAYS = "stays as it is: ";

    /** A smaller share of the squared distance removed is worth a warning. */
    private static final double LITTLE = 0.4;

    /** Up to this share of moved units, two models have one order of units. */
    private static final double ALIKE = 0.05;

    private final String model;
    private final String targetName;
    private final AlignOptions options;
    private final Grouping grouping;
    private final Grouping target;
    private final Pair pair;
    private final Optional<Activations> activations;
    private final Optional<Map<String, Moves>> given;
    private final boolean comparable;
    private volatile @Nullable Result result;

    /**
     * What was found.
     *
     * @param maps of each tensor's axes
     * @param objectives before the first pass and after each
     * @param before squared distance of the models as they are
     * @param after squared distance when aligned
     */
    record Result(
            Map<String, Moves> moves,
            Map<String, List<Optional<AxisMap>>> maps,
            double[] objectives,
            double before,
            double after) {}

    /**
     * @param model what the user calls the model that moves
     * @param targetName what the user calls the one that stays
     * @param activations of both, if they are compared
     * @param given the result, if it is known
     */
    AlignmentRun(
            String model,
            String targetName,
            AlignOptions options,
            Grouping grouping,
            Grouping target,
            Pair pair,
            Optional<Activations> activations,
            Optional<Map<String, Moves>> given) {
        this.model = model;
        this.targetName = targetName;
        this.target = target;
        this.activations = activations;
        this.options = options;
        this.grouping = grouping;
        this.pair = pair;
        this.given = given;
        this.comparable = pair.shared().stream().allMatch(pair::sameShape);
    }

    /** Lines that tell what moves together, and what stays where it is. */
    public List<String> groups() {
        return GroupLines.of(grouping);
    }

    Result result() {
        Result known = result;
        if (known == null) {
            throw new IllegalStateException("the alignment is not computed yet");
        }
        return known;
    }

    /** The maps of a tensor's axes. */
    List<Optional<AxisMap>> maps(String tensor) {
        return Objects.requireNonNull(result().maps.get(tensor));
    }

    Grouping grouping() {
        return grouping;
    }

    @Override
    public String title() {
        return "alignment of '" + model + "' to '" + targetName + "'";
    }

    @Override
    public String identity() {
        String searched = options.identity() + " of " + model + " to " + targetName;
        return given.map(moves -> searched + " " + digest(moves)).orElse(searched);
    }

    /** NaN fits nothing: no order of units is the best. */
    private void requireFinite(Context context) throws IOException {
        for (String name : pair.maps().tensors()) {
            requireFinite(model, pair.moving().get(name), context);
            requireFinite(targetName, pair.fixed().get(name), context);
        }
    }

    private static void requireFinite(String of, @Nullable TensorSource tensor, Context context)
            throws IOException {
        if (tensor != null && !Double.isFinite(Pair.sums(tensor, tensor, context)[0])) {
            throw new BadInputException(
                    Problem.expected(
                                    "tensor '" + tensor.info().name() + "' of model '" + of + "'",
                                    "finite numbers",
                                    "NaN or infinity")
                            .hint("the model is damaged: it cannot be aligned"));
        }
    }

    private static String digest(Map<String, Moves> moves) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of()
                    .formatHex(digest.digest(MovesFile.write(moves, new double[0])), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public void run(Context context) throws IOException {
        if (result != null) {
            return;
        }
        Map<String, Moves> none = new HashMap<>();
        grouping.groups().forEach(group -> none.put(group.name(), Moves.none(group)));
        double before = comparable ? pair.distance(none, context) : Double.NaN;
        if (!Double.isFinite(before)) {
            requireFinite(context);
        }
        Map<String, Moves> moves;
        double[] objectives = {};
        if (given.isPresent()) {
            moves = given.get();
        } else {
            List<Double> passes = new ArrayList<>();
            moves = found(context, passes);
            objectives = passes.stream().mapToDouble(d -> d).toArray();
        }
        double after = pair.distance(moves, context);
        take(moves, objectives, before, after, context);
    }

    private Map<String, Moves> found(Context context, List<Double> passes) throws IOException {
        switch (options.method()) {
            case WEIGHT_MATCHING -> {
                WeightMatching matching = new WeightMatching(grouping, pair, context);
                Map<String, Moves> moves = matching.run();
                passes.addAll(matching.objectives());
                return moves;
            }
            case OT -> {
                return new TransportMatching(grouping, target, pair, options, activations, context)
                        .run();
            }
            case ACTIVATION_MATCHING -> {
                return new ActivationMatching(
                                grouping, pair, options, activations.orElseThrow(), context)
                        .run();
            }
            default -> {
                return new SvdReduction(grouping, target, pair, context).run();
            }
        }
    }

    private void take(
            Map<String, Moves> moves,
            double[] objectives,
            double before,
            double after,
            Context context) {
        Map<String, List<Optional<AxisMap>>> maps = new HashMap<>();
        for (String tensor : pair.moving().keySet()) {
            maps.put(tensor, new ArrayList<>(pair.maps().of(tensor, moves)));
        }
        Result found = new Result(moves, maps, objectives, before, after);
        result = found;
        if (options.method() == AlignMethod.ACTIVATION_MATCHING) {
            activations.ifPresent(files -> warnOfMissing(files, context));
        }
        if (options.method() == AlignMethod.TRUNCATED_SVD) {
            context.warn(
                    Problem.of("truncated SVD of hidden units does not pass a nonlinearity")
                            .hint(
                                    "of an accuracy of .98 on the digits .34 was left; 'method: ot' keeps .92"));
        }
        if (comparable && removed(found) < LITTLE && movedShare(moves) > ALIKE) {
            context.warn(
                    Problem.of(
                                    String.format(
                                            Locale.ROOT,
                                            "alignment of '%s' to '%s' removed only %.1f %% of their squared distance",
                                            model,
                                            targetName,
                                            100 * removed(found)))
                            .hint(
                                    "the models have little in common: expect an average to need training, and measure it ('amalgam barrier')"));
        }
    }

    private void warnOfMissing(Activations files, Context context) {
        List<String> without =
                grouping.groups().stream()
                        .filter(group -> group instanceof Units units && !files.has(units))
                        .map(Group::name)
                        .toList();
        if (!without.isEmpty()) {
            String names = String.join("', '", without.subList(0, Math.min(3, without.size())));
            context.warn(
                    Problem.of(
                                    "units of '"
                                            + names
                                            + (without.size() > 3 ? "', ..." : "'")
                                            + " of '"
                                            + model
                                            + "' have no activations")
                            .hint("they stay where they are"));
        }
    }

    /** Models of one order, a model and its fine-tune for example, have nothing to be moved. */
    private static double movedShare(Map<String, Moves> moves) {
        long[] counts = new long[2];
        for (Moves each : moves.values()) {
            long[] own = Moves.moved(each);
            counts[0] += own[0];
            counts[1] += own[1];
        }
        return counts[1] == 0 ? 0 : (double) counts[0] / counts[1];
    }

    private static double removed(Result found) {
        return found.before > 0 ? 1 - found.after / found.before : 1;
    }

    @Override
    public List<String> remarks() {
        Result found = result;
        if (found == null) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        for (int pass = 0; pass < found.objectives.length; pass++) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            pass == 0 ? "as it is: objective %2$.6g" : "pass %d: objective %.6g",
                            pass,
                            found.objectives[pass]));
        }
        if (!comparable) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "widths differed; squared distance now %.6g",
                            found.after));
            return lines;
        }
        if (movedShare(found.moves) <= ALIKE) {
            lines.add("the units were in this order, or nearly");
        }
        lines.add(
                String.format(
                        Locale.ROOT,
                        "squared distance %.6g, aligned %.6g: %.1f %% removed",
                        found.before,
                        found.after,
                        100 * removed(found)));
        return lines;
    }

    @Override
    public byte[] save() {
        Result found = result();
        double[] figures = new double[found.objectives.length + 2];
        figures[0] = found.before;
        figures[1] = found.after;
        System.arraycopy(found.objectives, 0, figures, 2, found.objectives.length);
        return MovesFile.write(found.moves, figures);
    }

    @Override
    public boolean restore(byte[] saved, Context context) {
        try {
            MovesFile.Found found = MovesFile.read(saved, grouping);
            double[] figures = found.figures();
            if (figures.length < 2) {
                return false;
            }
            take(
                    found.moves(),
                    java.util.Arrays.copyOfRange(figures, 2, figures.length),
                    figures[0],
                    figures[1],
                    context);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Both models, once for each of three passes. */
    @Override
    public long inputBytes() {
        long once = 0;
        for (String name : pair.shared()) {
            once += Objects.requireNonNull(pair.moving().get(name)).storedBytes();
            once += Objects.requireNonNull(pair.fixed().get(name)).storedBytes();
        }
        return 3 * once;
    }

    @Override
    public long bytesHeld(int threads) {
        long most = 0;
        for (Group group : grouping.groups()) {
            long units = group instanceof Units own ? own.size() : query((Heads) group);
            long chunks = UnitReader.chunkElements((int) units) * (4 * Float.BYTES);
            long products = (long) threads * Similarity.bytesPerWorker((int) units);
            most = Math.max(most, similarities(group) + chunks + products);
        }
        return most;
    }

    private static long query(Heads heads) {
        return (long) heads.groups() * heads.queries() * heads.size();
    }

    private long similarities(Group group) {
        if (group instanceof Heads heads) {
            return HeadMatching.bytesHeld(heads);
        }
        Units units = (Units) group;
        long own = units.size();
        long its = TransportMatching.size(target, group.name(), units.size());
        long matrices =
                switch (options.method()) {
                    case WEIGHT_MATCHING -> WeightMatching.isSquare(units) ? 3 : 1;
                    // Products, distances, the plan and its square.
                    case OT -> 4;
                    case ACTIVATION_MATCHING -> 2;
                    case TRUNCATED_SVD -> 6;
                };
        return matrices * Double.BYTES * Math.max(own, its) * Math.max(own, its);
    }

    @Override
    public long resultBytes() {
        long elements = 0;
        for (Group group : grouping.groups()) {
            if (group instanceof Units units) {
                elements += units.size();
            } else {
                Heads heads = (Heads) group;
                elements += (long) heads.groups() * (heads.queries() + 2L * heads.size() + 1);
            }
        }
        long maps = 0;
        for (String tensor : pair.maps().tensors()) {
            for (long dim :
                    Objects.requireNonNull(pair.moving().get(tensor)).info().shape().dims()) {
                maps += dim;
            }
        }
        return Integer.BYTES * (elements + maps);
    }
}
