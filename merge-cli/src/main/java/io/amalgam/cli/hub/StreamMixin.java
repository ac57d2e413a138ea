package io.amalgam.cli.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.options.ByteSize;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.hub.HubHeaders;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * How models of the hub are read: downloaded first, over the network, or by their headers alone.
 */
public final class StreamMixin {
    private static final long BUFFER = 4L << 30;

    @Option(
            names = "--stream",
            description =
                    "Read hub models over the network during the merge, without storing them.")
    private boolean on;

    @Option(
            names = "--stream-buffer",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description =
                    "With --stream, disk cache for data that may be read again. Default: 4GiB.")
    private @Nullable ByteSize size;

    private @Nullable HubHeaders models;

    public Optional<String> complaint() {
        if (size != null && !on) {
            return Optional.of("option '--stream-buffer' needs '--stream'");
        }
        if (size != null && size.bytes() < HubHeaders.SMALLEST_BUFFER) {
            return Optional.of(
                    "option '--stream-buffer': expected at least "
                            + HubHeaders.SMALLEST_BUFFER
                            + " bytes, got "
                            + size.bytes());
        }
        return Optional.empty();
    }

    private long bytes() {
        return size == null ? BUFFER : size.bytes();
    }

    /**
     * Where names lead to; the same for all of a command.
     *
     * @param look whether nothing is merged, so that headers are enough
     */
    private RemoteModels names(HubMixin hub, Console console, boolean silent, boolean look) {
        if (!on && !look) {
            return hub.names(console, silent);
        }
        if (models == null) {
            models =
                    (on ? hub.streaming(console, silent, bytes()) : hub.headers(console, silent))
                            .orElse(null);
        }
        return models == null ? RemoteModels.NONE : models;
    }

    /** What merges are made with. */
    public io.amalgam.Amalgam amalgam(HubMixin hub, Console console, boolean silent, boolean look) {
        return io.amalgam.Amalgam.load().with(names(hub, console, silent, look));
    }

    /** Whether nothing is downloaded. */
    public boolean isOn() {
        return on;
    }

    private Downloads fetched() {
        List<HubHeaders.Missing> missing = models == null ? List.of() : models.missing();
        return on ? Downloads.streamed(missing) : Downloads.first(missing);
    }

    /** What would be fetched for a plan, and how often. */
    public List<String> lines(Optional<MergePlan> plan) {
        List<String> lines = new ArrayList<>(fetched().lines());
        if (on && !lines.isEmpty()) {
            plan.ifPresent(
                    p -> lines.add("stream buffer: " + Quantity.bytes(bytes()) + "; " + fit(p)));
        }
        return lines;
    }

    private String fit(MergePlan plan) {
        long largest = 0;
        int beyond = 0;
        for (TensorTask task : plan.tasks()) {
            largest = Math.max(largest, task.inputBytes());
            beyond += task.inputBytes() > bytes() ? 1 : 0;
        }
        String most = " (the largest have " + Quantity.bytes(largest) + ")";
        String tensors =
                beyond == 0
                        ? "it holds the inputs of every tensor"
                                + most
                                + ": each byte is fetched once"
                        : Quantity.of(beyond, "tensor")
                                + " with larger inputs"
                                + most
                                + ": fetched again for each pass of the method over them";
        Optional<PlannedModelPass> passes = plan.wholeModel();
        return passes.isEmpty() || plan.inputBytes() <= bytes()
                ? tensors
                : tensors
                        + "; and the whole again for each of up to "
                        + passes.get().passes()
                        + " passes over the model";
    }

    /** Adds what would be fetched to a document, where anything is. */
    public ObjectNode put(ObjectNode root) {
        Downloads fetched = fetched();
        if (on && !fetched.missing().isEmpty()) {
            root.put("stream_buffer", bytes());
        }
        return fetched.put(root);
    }

    /** What was fetched; nothing where nothing was. */
    public Optional<String> summary() {
        return models == null || models.ranges() == 0
                ? Optional.empty()
                : Optional.of(
                        "streamed "
                                + Quantity.bytes(models.fetched())
                                + " in "
                                + Quantity.of(models.ranges(), "range"));
    }
}
