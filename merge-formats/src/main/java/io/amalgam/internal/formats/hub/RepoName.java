package io.amalgam.internal.formats.hub;

import io.amalgam.internal.formats.files.FileNames;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A repository and what is wanted of it.
 *
 * @param id {@code org/name}, or {@code name} alone as the oldest repositories are called
 * @param revision a branch, a tag, a commit's hash or {@code refs/pr/N}
 * @param file the one of its weights that is meant, where there are several
 */
record RepoName(String id, String revision, Optional<String> file) {
    /** What names begin with that are not to be taken for paths. */
    static final String SCHEME = "hf:";

    /** The branch that is meant where none is named. */
    static final String NEWEST = "main";

    private static final int LONGEST = 96;
    private static final Pattern PART = Pattern.compile("\\w(?:[\\w.-]*\\w)?");
    private static final Pattern REVISION = Pattern.compile("\\w[\\w.+-]*(?:/\\w[\\w.+-]*)*");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    /** What files are called, not repositories. */
    private static final Pattern FILE =
            Pattern.compile("(?i).*\\.(git|ipynb|safetensors|bin|pt|pth|ckpt|gguf|json|ya?ml)");

    private static final Pattern WEIGHTS = Pattern.compile(".*\\.(gguf|safetensors|bin)");

    /**
     * Reads {@code [hf:]org/name[:file][@revision]}.
     *
     * @return empty if it is no name of a repository
     */
    static Optional<RepoName> parse(String text, Optional<String> given) {
        String name = text.startsWith(SCHEME) ? text.substring(SCHEME.length()) : text;
        int at = given.isPresent() ? -1 : name.lastIndexOf('@');
        String model = at < 0 ? name : name.substring(0, at);
        int colon = model.indexOf(':');
        String id = colon < 0 ? model : model.substring(0, colon);
        Optional<String> file =
                colon < 0 ? Optional.empty() : Optional.of(model.substring(colon + 1));
        String revision = at < 0 ? given.orElse(NEWEST) : name.substring(at + 1);
        return isId(id) && isRevision(revision) && file.stream().allMatch(RepoName::isWeights)
                ? Optional.of(new RepoName(id, revision, file))
                : Optional.empty();
    }

    private static boolean isId(String id) {
        String[] parts = id.split("/", -1);
        if (parts.length > 2
                || id.length() > LONGEST
                || id.contains("--")
                || id.contains("..")
                || FILE.matcher(id).matches()) {
            return false;
        }
        for (String part : parts) {
            if (!PART.matcher(part).matches()) {
                return false;
            }
        }
        return true;
    }

    private static boolean isWeights(String file) {
        return FileNames.isInside(file) && WEIGHTS.matcher(file).matches();
    }

    private static boolean isRevision(String revision) {
        return REVISION.matcher(revision).matches()
                && !revision.contains("..")
                && !revision.endsWith(".lock");
    }

    /** Without the revision. */
    String model() {
        return id + file.map(f -> ":" + f).orElse("");
    }

    /** Whether a text is the whole hash of a commit. */
    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /** As it is written. */
    @Override
    public String toString() {
        return revision.equals(NEWEST) ? model() : model() + "@" + revision;
    }
}
