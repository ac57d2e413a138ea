package io.amalgam.internal.card;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.recipe.ModelRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a model or an adapter on the hub, where it is known.
 *
 * @param id as {@code org/name}
 * @param revision the commit that was read; empty if that is not known
 */
record HubId(String id, Optional<String> revision) {
    private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9._-]*";

    /** A folder of the hub's cache. */
    private static final Pattern CACHED = Pattern.compile("models--(" + NAME + ")--(" + NAME + ")");

    private static final Pattern ID = Pattern.compile(NAME + "/" + NAME);

    /**
     * Those of a model and its adapters: by their places in the hub's cache, or by the name that
     * the model was asked for where it was read from elsewhere.
     */
    static List<HubId> of(ModelRef ref, Checkpoint model) {
        Set<HubId> found = new LinkedHashSet<>();
        for (Path place : model.places()) {
            cached(place).ifPresent(found::add);
        }
        boolean streamed = ID.matcher(ref.path()).matches() && !model.path().endsWith(ref.path());
        if (streamed && found.stream().noneMatch(id -> id.id().equals(ref.path()))) {
            List<HubId> all = new ArrayList<>(List.of(new HubId(ref.path(), ref.revision())));
            all.addAll(found);
            return all;
        }
        return List.copyOf(found);
    }

    private static Optional<HubId> cached(Path path) {
        for (int i = 0; i < path.getNameCount(); i++) {
            Matcher match = CACHED.matcher(path.getName(i).toString());
            if (match.matches()) {
                boolean snapshot =
                        i + 2 < path.getNameCount()
                                && path.getName(i + 1).toString().equals("snapshots");
                return Optional.of(
                        new HubId(
                                match.group(1) + "/" + match.group(2),
                                snapshot
                                        ? Optional.of(path.getName(i + 2).toString())
                                        : Optional.empty()));
            }
        }
        return Optional.empty();
    }
}
