package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open adapter: low-rank changes of some modules, tensors that replace the base's whole, and
 * changes of tensors, which make a task vector an adapter too. Opening one reads headers, settings
 * and the one-number tensors some tools write; factors are read when asked for. Safe for concurrent
 * use until closed.
 *
 * @param name what the user calls it
 * @param modules by name, in the order of the file
 * @param whole tensors of {@code modules_to_save} and trained biases, by the base's tensor names
 * @param rows some rows of tensors with their trained values, by the base's tensor names
 * @param changes what is added to the base's tensors, by their names
 * @param config a copy of {@code adapter_config.json}, where there is one
 * @param files every file that holds its data
 * @param warnings what its settings say that is not understood
 * @param resource closed with the adapter
 */
public record Adapter(
        String name,
        Path path,
        Map<String, LoraModule> modules,
        Map<String, TensorSource> whole,
        Map<String, RowValues> rows,
        Map<String, TensorSource> changes,
        Optional<ObjectNode> config,
        List<Path> files,
        List<Problem> warnings,
        Closeable resource)
        implements Closeable {
    /** An adapter that nothing is wrong with. */
    public Adapter(
            String name,
            Path path,
            Map<String, LoraModule> modules,
            Map<String, TensorSource> whole,
            Map<String, TensorSource> changes,
            Optional<ObjectNode> config,
            List<Path> files,
            Closeable resource) {
        this(name, path, modules, whole, Map.of(), changes, config, files, List.of(), resource);
    }

    public Adapter {
        modules = Collections.unmodifiableMap(new LinkedHashMap<>(modules));
        whole = Collections.unmodifiableMap(new LinkedHashMap<>(whole));
        rows = Collections.unmodifiableMap(new LinkedHashMap<>(rows));
        changes = Collections.unmodifiableMap(new LinkedHashMap<>(changes));
        files = List.copyOf(files);
        warnings = List.copyOf(warnings);
    }

    /** Numbers in all its tensors. */
    public long parameters() {
        long sum = modules.values().stream().mapToLong(LoraModule::parameters).sum();
        sum += whole.values().stream().mapToLong(t -> t.info().elements()).sum();
        sum += rows.values().stream().mapToLong(r -> r.values().info().elements()).sum();
        return sum + changes.values().stream().mapToLong(Adapter::numbers).sum();
    }

    private static long numbers(TensorSource change) {
        return change instanceof SparseChange sparse ? sparse.kept() : change.info().elements();
    }

    @Override
    public void close() throws IOException {
        resource.close();
    }
}
