package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.error.BadInputException;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.JsonMutations;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever an adapter's settings say, it is read with finite scales or refused. */
class AdapterConfigFuzzTest {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final JsonMutations MUTATIONS =
            new JsonMutations(
                    List.of(
                            "\"LORA\"",
                            "\"IA3\"",
                            "{\"m\": 2}",
                            "{\"m.*\": 0}",
                            "{\"(\": 1}",
                            "{\"m\": \"4\"}",
                            "{\"(m|m)*\": 1e300}",
                            "[\"m\"]",
                            "\"m\"",
                            "\"pissa_niter_4\"",
                            "\"lora_only\"",
                            "4"));

    @TempDir Path folder;

    @BeforeEach
    void weights() throws IOException {
        Adapters adapters = new Adapters(folder);
        adapters.peft(
                "x",
                "{}",
                adapters.random("base_model.model.m.lora_A.weight", 2, 5),
                adapters.random("base_model.model.m.lora_B.weight", 4, 2),
                adapters.random("base_model.model.a.n.lora_A.weight", 2, 5),
                adapters.random("base_model.model.a.n.lora_B.weight", 4, 2));
    }

    static List<byte[]> seeds() {
        try (Stream<Path> files = Files.walk(RESOURCES)) {
            List<byte[]> found =
                    files.filter(file -> file.endsWith("adapter_config.json"))
                            .sorted()
                            .map(AdapterConfigFuzzTest::content)
                            .toList();
            return Stream.concat(found.stream(), valid().stream()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<byte[]> valid() {
        return Stream.of(
                        "{'peft_type':'LORA','r':2,'lora_alpha':4}",
                        "{'peft_type':'LORA','r':2,'lora_alpha':4,'use_rslora':true,'fan_in_fan_out':false,"
                                + "'target_modules':['m','n'],'bias':'none','init_lora_weights':true}",
                        "{'peft_type':'LORA','r':3,'lora_alpha':0.5,'rank_pattern':{'m':2,'n':2},"
                                + "'alpha_pattern':{'a.n':8},'layers_to_transform':null,"
                                + "'target_modules':'.*','modules_to_save':null}")
                .map(text -> text.replace('\'', '"').getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws IOException {
        accepts(bytes);
    }

    @Test
    void changedSettings() {
        Fuzzing.run(2500, MUTATIONS, seeds(), valid(), this::accepts).areBothAtLeast(100);
    }

    private boolean accepts(byte[] bytes) throws IOException {
        Path adapter = folder.resolve("x");
        Files.write(adapter.resolve("adapter_config.json"), bytes);
        try (Adapter read = new PeftFormat().open(adapter, "x")) {
            assertThat(read.modules()).containsOnlyKeys("m", "a.n");
            for (LoraModule module : read.modules().values()) {
                assertThat(module.scale()).isFinite();
                assertThat(module.rank()).isEqualTo(2);
            }
            return true;
        } catch (BadInputException e) {
            Fuzzing.assertRefusal(e);
            return false;
        }
    }
}
