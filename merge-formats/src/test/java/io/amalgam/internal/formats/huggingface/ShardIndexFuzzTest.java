package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.JsonMutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever an index of shards says, the answer is the tensors of the folder's own shards or a
 * refusal.
 */
class ShardIndexFuzzTest {
    private static final String INDEX = "model.safetensors.index.json";
    private static final String ONE = "model-00001-of-00002.safetensors";
    private static final String TWO = "model-00002-of-00002.safetensors";
    private static final JsonMutations MUTATIONS =
            new JsonMutations(
                    List.of(
                            quoted(ONE),
                            quoted(TWO),
                            quoted("./" + ONE),
                            quoted("../" + ONE),
                            quoted("config.json"),
                            quoted("sub"),
                            quoted("link.safetensors"),
                            quoted(INDEX),
                            quoted("/etc/passwd"),
                            quoted("x".repeat(300))));

    @TempDir Path folder;

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    @BeforeEach
    void model() throws IOException {
        ModelDirectory model = new ModelDirectory(folder);
        model.weights(ONE, "a", "b").weights(TWO, "c").file("config.json", "{}").file("sub/x", "");
    }

    static List<byte[]> valid() {
        return Stream.of(
                        "{'metadata':{'total_size':12},'weight_map':{'a':'%1$s','b':'%1$s','c':'%2$s'}}",
                        "{'weight_map':{'a':'%1$s','c':'%2$s'}}",
                        "{'weight_map':{'c':'%2$s'},'metadata':null}")
                .map(ShardIndexFuzzTest::json)
                .toList();
    }

    static List<byte[]> seeds() {
        return Stream.concat(
                        valid().stream(),
                        Stream.of(
                                        "",
                                        "[]",
                                        "{'weight_map':{}}",
                                        "{'weight_map':{'a':'../x','b':''}}",
                                        "{'weight_map':{'a':['%1$s']}}",
                                        "{'weight_map':{'a':'%1$s','a':'%2$s'}}")
                                .map(ShardIndexFuzzTest::json))
                .toList();
    }

    private static byte[] json(String text) {
        return text.replace('\'', '"').formatted(ONE, TWO).getBytes(StandardCharsets.UTF_8);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws IOException {
        accepts(bytes);
    }

    @Test
    void changedIndices() {
        Fuzzing.run(1500, MUTATIONS, seeds(), valid(), this::accepts).areBothAtLeast(50);
    }

    private boolean accepts(byte[] bytes) throws IOException {
        Files.write(folder.resolve(INDEX), bytes);
        try (Checkpoint model = new HuggingFaceFormat().open(folder, "m")) {
            assertThat(model.tensors().keySet()).isNotEmpty().isSubsetOf("a", "b", "c");
            assertThat(model.weightFiles()).allMatch(file -> file.getParent().equals(folder));
            return true;
        } catch (BadInputException e) {
            Fuzzing.assertRefusal(e);
            return false;
        }
    }
}
