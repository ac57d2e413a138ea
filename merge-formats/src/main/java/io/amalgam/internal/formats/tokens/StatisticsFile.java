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

/**
 * A file of statistics (docs/statistics.md), written row by row, whole or not at all. Rows may come
 * from several threads.
 */
public final class StatisticsFile implements Closeable {
    private static final String MARK = "amalgam_statistics";

    private final AtomicFile file;
    private final SafetensorsLayout layout;
    private final Map<String, Integer> places = new HashMap<>();
    private final List<TensorInfo> infos = new ArrayList<>();

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
     * @param matrices square matrices by name, with their rows
     * @param aliases names of statistics that are stored under another
     * @param examples rows that were averaged over
     */
    public StatisticsFile(
            Path path, Map<String, Long> matrices, Map<String, String> aliases, long examples)
            throws IOException {
        matrices.forEach(
                (name, rows) -> {
                    places.put(name, infos.size());
                    infos.add(new TensorInfo(name, DType.F32, Shape.of(rows, rows)));
                });
        this.layout =
                SafetensorsLayout.of(
                        infos,
                        Map.of(
                                MARK,
                                "1",
                                "examples",
                                String.valueOf(examples),
                                "alias",
                                json(aliases)));
        this.file = AtomicFile.create(path);
        file.write(ByteBuffer.wrap(layout.header()), 0);
    }

    private static String json(Map<String, String> aliases) {
        try {
            return new ObjectMapper().writeValueAsString(aliases);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes rows of a matrix. */
    public void rows(String name, int from, float[] rows) throws IOException {
        Integer place = places.get(name);
        if (place == null) {
            throw new IllegalArgumentException("no matrix '" + name + "'");
        }
        long width = infos.get(place).shape().dim(1);
        ByteBuffer bytes =
                ByteBuffer.allocate(rows.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(rows);
        synchronized (file) {
            file.write(bytes, layout.offset(place) + from * width * Float.BYTES);
        }
    }

    /** Makes the file appear. */
    public void commit() throws IOException {
        file.commit();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
