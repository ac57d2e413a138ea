package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Models and adapters that are named by something other than a path, as on a model hub. */
public interface RemoteModels {
    /** No names at all: models are paths. */
    RemoteModels NONE =
            new RemoteModels() {
                @Override
                public boolean takes(String name) {
                    return false;
                }

                @Override
                public boolean isCertain(String name, Optional<String> revision) {
                    return false;
                }

                @Override
                public String asName(String name) {
                    return name;
                }

                @Override
                public Optional<Path> present(String name, Optional<String> revision) {
                    return Optional.empty();
                }

                @Override
                public Path fetch(String name, Optional<String> revision) {
                    throw new IllegalArgumentException("no name of a model: '" + name + "'");
                }
            };

    /**
     * A model or adapter that will be fetched.
     *
     * @param name one that is {@linkplain #takes taken}
     * @param revision empty for the newest, or if the name has it
     */
    record Named(String name, Optional<String> revision) {}

    /** Makes such names of settings; found with {@link java.util.ServiceLoader}. */
    interface Provider {
        /**
         * @throws io.amalgam.error.BadInputException if a setting makes no sense
         */
        RemoteModels open(HubOptions options);
    }

    /**
     * Whether a text can be such a name.
     *
     * @param name as written, with or without a revision
     */
    boolean takes(String name);

    /**
     * Whether a name cannot be a path with a mistake in it: it is written as a name, or a model of
     * that name was used before.
     */
    boolean isCertain(String name, Optional<String> revision);

    /** How a name is written that is certain to be none of a path. */
    String asName(String name);

    /** Where a model is that can be used as it lies; nothing is fetched. */
    Optional<Path> present(String name, Optional<String> revision);

    /**
     * Where a model is, after what is missing has been fetched.
     *
     * @param name one that is {@linkplain #takes taken}
     * @param revision empty for the newest, or if the name has it
     * @throws io.amalgam.error.BadInputException if there is no such model, or it may not be read
     * @throws IOException if it cannot be fetched or kept
     */
    Path fetch(String name, Optional<String> revision) throws IOException;

    /**
     * Takes note of all that will be fetched, before the first is. What is wrong with one of them
     * is said when that one is fetched.
     *
     * @throws io.amalgam.error.BadInputException if they cannot be kept together
     * @throws IOException if the cache cannot be used
     */
    default void announce(Collection<Named> names) throws IOException {}

    /** What is to be known of a model that was {@linkplain #fetch fetched}. */
    default List<Problem> remarks(String name, Optional<String> revision) {
        return List.of();
    }
}
