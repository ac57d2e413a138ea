package io.amalgam.runs;

import io.amalgam.internal.engine.InputFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An order in which each merge reads as much as possible of what the one before it read: the system
 * then still has those files in memory.
 */
final class BatchOrder {
    private BatchOrder() {}

    /**
     * @param inputs what each job reads
     * @return the keys; the first comes first, and equals keep their order
     */
    static <T> List<T> of(Map<T, List<InputFile>> inputs) {
        List<T> waiting = new ArrayList<>(inputs.keySet());
        List<T> order = new ArrayList<>();
        Set<Path> warm = Set.of();
        while (!waiting.isEmpty()) {
            T next = waiting.get(0);
            long most = -1;
            for (T candidate : waiting) {
                long shared = shared(inputs.getOrDefault(candidate, List.of()), warm);
                if (shared > most) {
                    most = shared;
                    next = candidate;
                }
            }
            waiting.remove(next);
            order.add(next);
            warm = paths(inputs.getOrDefault(next, List.of()));
        }
        return order;
    }

    /** Whether two jobs read a file in common. */
    static boolean share(List<InputFile> some, List<InputFile> others) {
        return shared(some, paths(others)) > 0;
    }

    private static long shared(List<InputFile> files, Set<Path> warm) {
        long sum = 0;
        Set<Path> counted = new HashSet<>();
        for (InputFile file : files) {
            Path place = place(file);
            if (warm.contains(place) && counted.add(place)) {
                sum += file.bytes();
            }
        }
        return sum;
    }

    private static Set<Path> paths(List<InputFile> files) {
        return files.stream().map(BatchOrder::place).collect(Collectors.toSet());
    }

    private static Path place(InputFile file) {
        return file.path().toAbsolutePath().normalize();
    }
}
