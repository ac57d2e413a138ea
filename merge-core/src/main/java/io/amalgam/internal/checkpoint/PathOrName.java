package io.amalgam.internal.checkpoint;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Tells hub names from mistyped paths. A path with a mistake in it often reads like a name: nobody
 * is asked for one that has its like on disk.
 *
 * @param kind what messages call the thing: a model or an adapter
 */
public record PathOrName(RemoteModels remote, String kind) {
    /**
     * Where a name leads to, after what is missing has been fetched.
     *
     * @param name as written; nothing is at its paths
     * @param tried the paths, in the order they were looked at
     * @throws BadInputException if it is a path with a mistake, or there is no such model
     */
    public Path fetch(String name, Optional<String> revision, List<Path> tried) throws IOException {
        Optional<String> mistake = mistake(name, revision, tried);
        if (mistake.isPresent()) {
            throw new BadInputException(
                    missing(name, tried)
                            .hint(
                                    mistake.get()
                                            + " a model of the hub is written '"
                                            + remote.asName(name)
                                            + "'"));
        }
        try {
            return remote.fetch(name, revision);
        } catch (BadInputException e) {
            throw of(e, tried);
        }
    }

    /**
     * Whether {@link #fetch} asks for it.
     *
     * @param name as written; nothing is at its paths
     * @param tried the paths
     */
    public boolean isAskedFor(String name, Optional<String> revision, List<Path> tried) {
        return remote.takes(name) && mistake(name, revision, tried).isEmpty();
    }

    /** Nothing is at a path. */
    public Problem missing(String name, List<Path> tried) {
        return Problem.expected(
                kind + " '" + name + "'",
                "an existing path",
                "nothing at "
                        + String.join(
                                " or ",
                                tried.stream().map(p -> "'" + p + "'").distinct().toList()));
    }

    private Optional<String> mistake(String name, Optional<String> revision, List<Path> tried) {
        return remote.isCertain(name, revision) ? Optional.empty() : mistake(name, tried);
    }

    /** What is nearly there, and what to do. */
    private static Optional<String> mistake(String name, List<Path> tried) {
        Optional<Path> near =
                tried.stream().flatMap(path -> WrittenPath.nearest(path).stream()).findFirst();
        if (near.isPresent()) {
            return Optional.of("did you mean '" + near.get() + "'?");
        }
        return name.contains("/")
                ? tried.stream()
                        .map(Path::getParent)
                        .filter(folder -> folder != null && Files.isDirectory(folder))
                        .findFirst()
                        .map(folder -> "see what is in '" + folder + "';")
                : Optional.empty();
    }

    private BadInputException of(BadInputException e, List<Path> tried) {
        BadInputException said =
                new BadInputException(
                        e.problems().stream()
                                .map(p -> p.withWhat(p.what().replaceFirst("^model ", kind + " ")))
                                .map(p -> p.hint(WrittenPath.didYouMean(tried, p.hint())))
                                .toList(),
                        e.warnings());
        said.initCause(e);
        return said;
    }
}
