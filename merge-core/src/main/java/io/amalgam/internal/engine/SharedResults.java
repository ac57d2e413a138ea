package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Results of the work before the first tensor (preparations, passes over the whole model) that all
 * parts of a merge share, in a folder or carried from one to the other: the first part to have one
 * computes it, the others read it. They belong to one plan with unchanged inputs.
 */
public final class SharedResults {
    /** Nothing is shared. */
    public static final SharedResults NONE = new SharedResults(null, null, 1);

    private final @Nullable Path folder;
    private final @Nullable Map<String, byte[]> carried;
    private final int parts;

    private SharedResults(@Nullable Path folder, @Nullable Map<String, byte[]> carried, int parts) {
        this.folder = folder;
        this.carried = carried;
        this.parts = parts;
    }

    /**
     * Results in a folder, which need not be there.
     *
     * @param parts that share them
     */
    public static SharedResults in(Path folder, int parts) {
        return new SharedResults(folder, null, parts);
    }

    /**
     * Results that are carried from part to part.
     *
     * @param known by name; new ones are added
     * @param parts that share them
     */
    public static SharedResults carried(Map<String, byte[]> known, int parts) {
        return new SharedResults(null, known, parts);
    }

    int parts() {
        return parts;
    }

    static String preparation(int number) {
        return "preparation-" + number;
    }

    static String pass(int number) {
        return "pass-" + number;
    }

    /** The name of a part's partial result of a pass. */
    public static String share(int pass, int part) {
        return "pass-" + pass + "-share-" + part;
    }

    /** Parts, from 1, whose shares of a pass are missing; none if its total is there. */
    public List<Integer> missingShares(int pass) throws IOException {
        List<Integer> missing = new ArrayList<>();
        for (int part = 1; part <= parts && read(pass(pass)).isEmpty(); part++) {
            if (read(share(pass, part)).isEmpty()) {
                missing.add(part);
            }
        }
        return missing;
    }

    /** Whether a part has made its share of a pass. */
    public boolean hasShare(int pass, int part) throws IOException {
        return read(share(pass, part)).isPresent();
    }

    /** A result; empty if nobody has it yet. */
    Optional<byte[]> read(String name) throws IOException {
        if (carried != null) {
            return Optional.ofNullable(carried.get(name));
        }
        return folder == null ? Optional.empty() : KeptResult.read(folder.resolve(name));
    }

    /**
     * Gives a plan's preparations their results, as far as they are there: for what they say of
     * them. Their warnings were given by the parts that have used them.
     */
    public void restore(MergePlan plan, EngineOptions options) throws IOException {
        if (plan.preparations().isEmpty()) {
            return;
        }
        ReadingRun.run(
                options,
                ReadingRun.Listener.NONE,
                new Cancellation(),
                context -> restore(plan, context));
    }

    private boolean restore(MergePlan plan, Preparation.Context context) throws IOException {
        for (int i = 0; i < plan.preparations().size(); i++) {
            Optional<byte[]> result = read(preparation(i));
            if (result.isEmpty() || !plan.preparations().get(i).restore(result.get(), context)) {
                return false;
            }
        }
        return true;
    }

    /** Keeps a result, whole or not at all. */
    void keep(String name, byte[] result) throws IOException {
        if (carried != null) {
            carried.put(name, result);
        } else if (folder != null) {
            Files.createDirectories(folder);
            AtomicFile.write(folder.resolve(name), KeptResult.sealed(result));
        }
    }
}
