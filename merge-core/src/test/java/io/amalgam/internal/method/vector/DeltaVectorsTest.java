package io.amalgam.internal.method.vector;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.internal.method.builtin.Data;
import io.amalgam.internal.method.builtin.ModelCall;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Methods against vectors that {@code vectors/derive.py} derived from their papers. */
class DeltaVectorsTest {
    private static final String FILE = ".json";

    /** Of each file in the folder. */
    static List<String> methods() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/test/resources/vectors"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(FILE))
                    .map(name -> name.substring(0, name.length() - FILE.length()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void agrees(String method) throws IOException {
        JsonNode cases = read("/vectors/" + method + FILE);
        assertThat(cases).isNotEmpty();
        for (JsonNode one : cases) {
            ModelCall call = call(method, one);
            Data.assertClose(call.run(), doubles(one.get("expected")), 1e-6);
            one.path("state")
                    .properties()
                    .forEach(
                            part ->
                                    Data.assertClose(
                                            call.runState(part.getKey()),
                                            doubles(part.getValue()),
                                            1e-6));
        }
    }

    private static JsonNode read(String resource) throws IOException {
        try (InputStream in = DeltaVectorsTest.class.getResourceAsStream(resource)) {
            return new ObjectMapper().readTree(Objects.requireNonNull(in, resource));
        }
    }

    private static ModelCall call(String method, JsonNode one) {
        double[] sizes = doubles(one.get("sizes"));
        int[] cut = new int[sizes.length];
        for (int t = 0; t < cut.length; t++) {
            cut[t] = (int) sizes[t];
        }
        ModelCall call = ModelCall.of(method).cut(cut);
        one.get("shared").properties().forEach(p -> call.set(p.getKey(), p.getValue().asDouble()));
        for (int m = 0; m < one.get("models").size(); m++) {
            JsonNode model = one.get("models").get(m);
            float[] flat = floats(model.get("flat"));
            if (m == one.path("base").asInt(-1)) {
                call.base(flat);
            } else {
                call.model(flat, values(model.get("values")));
            }
        }
        return call;
    }

    private static Map<String, Object> values(JsonNode node) {
        Map<String, Object> values = new HashMap<>();
        node.properties().forEach(p -> values.put(p.getKey(), p.getValue().asDouble()));
        return values;
    }

    private static double[] doubles(JsonNode node) {
        double[] values = new double[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = node.get(i).asDouble();
        }
        return values;
    }

    private static float[] floats(JsonNode node) {
        float[] values = new float[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) node.get(i).asDouble();
        }
        return values;
    }
}
