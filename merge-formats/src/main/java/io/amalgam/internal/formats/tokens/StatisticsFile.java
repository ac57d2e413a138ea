package io.amalgam.internal.formats.tokens;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.formats.safetensors.SafetensorsException;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsLayout;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A file of statistics (docs/statistics.md), written part by part, whole or not at all. Sums that
 * are not complete wait in a file beside it, in float64. Parts may come from several threads.
 */
public final class StatisticsFile implements Closeable {
    private static final String MARK = "amalgam_statistics";

    private final Path path;
    private final long examples;
    private final AtomicFile file;
    private final SafetensorsLayout layout;
    private final Map<String, Integer> places = new HashMap<>();
    private final List<TensorInfo> infos = new ArrayList<>();
    private @Nullable WaitingSums waiting;

    /** Whether a file has statistics, and not weights or anything else. */
    public static boolean isOne(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return file.metadata().containsKey(MARK);
        } catch (SafetensorsException e) {
            return false;
        }
    }

    /**
     * Begins a file.
     *
     * @param shapes of statistics by name
     * @param aliases names of statistics that are stored under another
     * @param examples what sums are divided by
     * @param labels what gradients are of; empty where there are none
     */
    public StatisticsFile(
            Path path,
            Map<String, Shape> shapes,
            Map<String, String> aliases,
            long examples,
            String labels)
            throws IOException {
        shapes.forEach(
                (name, shape) -> {
                    places.put(name, infos.size());
                    infos.add(new TensorInfo(name, DType.F32, shape));
                });
        Map<String, String> metadata = new TreeMap<>();
        metadata.put(MARK, "1");
        metadata.put("examples", String.valueOf(examples));
        metadata.put("alias", json(aliases));
        if (!labels.isEmpty()) {
            metadata.put("labels", labels);
        }
        this.examples = examples;
        this.path = path;
        this.layout = SafetensorsLayout.of(infos, metadata);
        this.file = begun(path, layout.header());
    }

    private static AtomicFile begun(Path path, byte[] header) throws IOException {
        AtomicFile file = AtomicFile.create(path);
        try {
            file.write(ByteBuffer.wrap(header), 0);
        } catch (IOException e) {
            try (file) {
                throw e;
            }
        }
        return file;
    }

    private static String json(Map<String, String> aliases) {
        try {
            return new ObjectMapper().writeValueAsString(aliases);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Adds to some elements of a statistic.
     *
     * @param from the first element
     * @param sums are changed
     * @param first whether nothing was added before
     * @param last whether nothing will be added: the means are written
     */
    public void add(String name, long from, double[] sums, boolean first, boolean last)
            throws IOException {
        Integer place = places.get(name);
        if (place == null) {
            throw new IllegalArgumentException("no statistic '" + name + "'");
        }
        long at = layout.offset(place) + from * Float.BYTES;
        if (!first) {
            waiting().addTo(at, sums);
        }
        if (!last) {
            waiting().keep(at, sums);
            return;
        }
        ByteBuffer bytes =
                ByteBuffer.allocate(sums.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (double sum : sums) {
            bytes.putFloat((float) (sum / examples));
        }
        bytes.flip();
        synchronized (file) {
            file.write(bytes, at);
        }
    }

    private WaitingSums waiting() throws IOException {
        synchronized (file) {
            if (waiting == null) {
                waiting = WaitingSums.beside(path);
            }
            return waiting;
        }
    }

    /** Makes the file appear. */
    public void commit() throws IOException {
        file.commit();
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            if (waiting != null) {
                waiting.close();
            }
        }
    }
}
