package io.amalgam.faults;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which of the operations that change files fails. Operations below one folder are counted; the
 * n-th fails, and with a {@link Kind#LASTING} fault all after it, but for deletions.
 */
public final class Faults {
    /** How long a fault lasts. */
    public enum Kind {
        ONCE,
        LASTING
    }

    private static Path root;
    private static Kind kind = Kind.ONCE;
    private static int failing;
    private static int count;
    private static String failed;

    private Faults() {}

    /**
     * Counts anew.
     *
     * @param n which operation fails, from 1 on; 0 for none
     */
    public static synchronized void set(Path folder, Kind fault, int n) {
        root = FaultyPath.real(folder);
        kind = fault;
        failing = n;
        count = 0;
        failed = null;
    }

    /** What failed, if anything did. */
    public static synchronized Optional<String> failed() {
        return Optional.ofNullable(failed);
    }

    static synchronized void before(String operation, Path path) throws IOException {
        if (root == null || failing == 0 || !path.toAbsolutePath().startsWith(root)) {
            return;
        }
        count++;
        boolean fails =
                count == failing
                        || (kind == Kind.LASTING && count > failing && !operation.equals("delete"));
        if (!fails) {
            return;
        }
        if (failed == null) {
            failed = operation + " " + root.relativize(path.toAbsolutePath());
        }
        // As the system does: writes and forces name no file.
        if (operation.equals("write") || operation.equals("force")) {
            throw new IOException("No space left on device");
        }
        throw new FileSystemException(path.toString(), null, "Input/output error");
    }
}
