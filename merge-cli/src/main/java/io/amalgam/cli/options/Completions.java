package io.amalgam.cli.options;

import io.amalgam.internal.kernel.KernelProvider;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** Words that the completion script offers; asked for only when it is made. */
public final class Completions {
    private Completions() {}

    /** The values of {@code --kernels}, as they are documented. */
    static final class Kernels implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(KernelProvider.Choice.values())
                    .map(choice -> choice.name().toLowerCase(Locale.ROOT))
                    .iterator();
        }
    }

    /** The values of {@code --layout}, as they are documented. */
    static final class Layouts implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("per-expert", "fused").iterator();
        }
    }

    /** The names of the merge methods. */
    public static final class Methods implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return io.amalgam.Amalgam.load().methods().all().stream()
                    .map(method -> method.info().name())
                    .iterator();
        }
    }
}
