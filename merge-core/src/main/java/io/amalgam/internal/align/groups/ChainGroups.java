package io.amalgam.internal.align.groups;

import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Groups of models without attention: layers that follow one another, perceptrons and convolutions
 * with their norms. What a layer puts out, the next one of the same parent takes in, if their sizes
 * say so. With shortcuts, only what is inside a block may move.
 */
final class ChainGroups {
    private static final Pattern SHORTCUT =
            Pattern.compile("(?i).*(downsample|shortcut|skip|residual|identity).*");
    private static final Pattern HEAD =
            Pattern.compile(
                    "(?i)fc(_?out)?|.*(head|classifier|output|logits|score)|out|last|final.*");
    private static final Pattern NUMBERED = Pattern.compile(".*\\d");

    private final Modules modules;
    private final boolean blocks;
    private final List<String> stays = new ArrayList<>();
    private final List<Group> groups = new ArrayList<>();
    private final Set<String> covered = new HashSet<>();

    private ChainGroups(Map<String, Shape> shapes) {
        this.modules = new Modules(shapes);
        this.blocks = shapes.keySet().stream().anyMatch(n -> SHORTCUT.matcher(n).matches());
    }

    static Grouping of(Map<String, Shape> shapes) {
        return new ChainGroups(shapes).find();
    }

    private Grouping find() {
        List<String> weights = new ArrayList<>();
        for (String module : modules.names()) {
            Shape weight = modules.tensors(module).get(module + ".weight");
            if (weight != null && weight.rank() >= 2) {
                weights.add(module);
            }
        }
        for (int i = 0; i + 1 < weights.size(); i++) {
            String module = weights.get(i);
            Optional<String> reason = link(module, weights.get(i + 1), weights);
            reason.ifPresent(why -> stays.add("units of '" + module + "': " + why));
        }
        return new Grouping(groups, Optional.empty(), Set.of(), stays, List.of(weights.size()));
    }

    private Shape weight(String module) {
        return Objects.requireNonNull(modules.tensors(module).get(module + ".weight"));
    }

    /** Makes a group of what one module puts out; or says why not. */
    private Optional<String> link(String module, String next, List<String> weights) {
        String parent = Modules.parent(module);
        if (!parent.equals(Modules.parent(next))) {
            return Optional.of("the next weight, '" + next + "', is in another part of the model");
        }
        if (!isOrderSaid(module, next, weights)) {
            return Optional.of("no number says that '" + Modules.leaf(next) + "' comes after it");
        }
        if (mayBeGrouped(module, weights)) {
            return Optional.of("it may be a convolution in groups");
        }
        if (blocks && !NUMBERED.matcher(Modules.leaf(parent)).matches()) {
            return Optional.of("the model has shortcuts around its blocks");
        }
        if (module.contains("embed")) {
            return Optional.of("an embedding");
        }
        int size = (int) weight(module).dim(0);
        long in = weight(next).dim(1);
        boolean flattened = weight(module).rank() > 2 && weight(next).rank() == 2 && in % size == 0;
        if (in != size && !flattened) {
            return Optional.of("'" + next + "' takes " + in + " units in, not " + size);
        }
        List<Places> places = new ArrayList<>();
        List<Places> incoming = new ArrayList<>();
        incoming.add(Places.whole(module + ".weight", 0));
        for (String name : modules.tensors(module).keySet()) {
            if (name.equals(module + ".weight")) {
                continue;
            }
            if (!name.equals(module + ".bias")) {
                return Optional.of("tensor '" + name + "' is not known");
            }
            incoming.add(Places.whole(name, 0));
        }
        places.addAll(incoming);
        Optional<String> wrong = vectorsBetween(module, next, size, weights, places);
        if (wrong.isPresent()) {
            return wrong;
        }
        places.add(Places.units(next + ".weight", 1, 0, (int) (in / size)));
        places.forEach(place -> covered.add(place.tensor()));
        groups.add(new Units(module, size, places, incoming));
        return Optional.empty();
    }

    /**
     * Names are in the order of the alphabet, layers are not: numbers say which comes first, a
     * convolution comes before a matrix, and a head comes last.
     */
    private boolean isOrderSaid(String module, String next, List<String> weights) {
        if (Modules.differInNumber(Modules.leaf(module), Modules.leaf(next))) {
            return true;
        }
        List<String> own =
                weights.stream()
                        .filter(w -> Modules.parent(w).equals(Modules.parent(module)))
                        .toList();
        boolean ordered = true;
        for (int i = 0; i + 1 < own.size(); i++) {
            String one = own.get(i);
            String other = own.get(i + 1);
            ordered &=
                    Modules.differInNumber(Modules.leaf(one), Modules.leaf(other))
                            || weight(one).rank() > weight(other).rank()
                            || (i + 2 == own.size() && HEAD.matcher(Modules.leaf(other)).matches());
        }
        return ordered;
    }

    /** In groups, or one for each channel: what it puts out belongs to some of what it takes in. */
    private boolean mayBeGrouped(String module, List<String> weights) {
        int place = weights.indexOf(module);
        if (weight(module).rank() < 3 || place == 0) {
            return false;
        }
        String before = weights.get(place - 1);
        long in = weight(module).dim(1);
        return Modules.parent(before).equals(Modules.parent(module))
                ? weight(before).dim(0) != in
                : in == 1;
    }

    /** Norms and slopes between two weights. */
    private Optional<String> vectorsBetween(
            String module, String next, int size, List<String> weights, List<Places> places) {
        for (String other : modules.names()) {
            if (!follows(module, next, other, weights)) {
                continue;
            }
            List<String> vectors = modules.vectors(other);
            boolean counted = vectors.contains(other + ".running_mean");
            if (!counted && weight(module).rank() > 2 && vectors.size() > 1) {
                return Optional.of("'" + other + "' may be a norm over groups of channels");
            }
            for (Map.Entry<String, Shape> tensor : modules.tensors(other).entrySet()) {
                long elements = tensor.getValue().elements();
                if (elements == size && tensor.getValue().rank() == 1) {
                    places.add(Places.whole(tensor.getKey(), 0));
                } else if (elements > 1) {
                    return Optional.of("tensor '" + tensor.getKey() + "' is not known");
                }
            }
        }
        return Optional.empty();
    }

    /** Whether a module without a matrix comes between two with one. */
    private boolean follows(String module, String next, String other, List<String> weights) {
        if (weights.contains(other) || !Modules.parent(other).equals(Modules.parent(module))) {
            return false;
        }
        String own = Modules.leaf(module).replaceAll("\\D", "");
        String its = Modules.leaf(other).replaceAll("\\D", "");
        boolean plain = Modules.leaf(module).equals(own) && Modules.leaf(other).equals(its);
        if (plain) {
            return Modules.NATURAL.compare(module, other) < 0
                    && Modules.NATURAL.compare(other, next) < 0;
        }
        return own.equals(its);
    }
}
