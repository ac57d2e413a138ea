package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters in files of torch.save, as PEFT wrote them before safetensors. */
class PickledAdapterTest {
    private static final Path SAVED = Path.of("src/test/resources/saved");
    private static final Path PICKLE = SAVED.resolve("pickle");
    private static final Path BASE = SAVED.resolve("tied_saved/base");

    @TempDir private Path temp;

    @Test
    void theSameAsInSafetensors() throws IOException {
        Path adapter = SAVED.resolve("tied_saved/adapter");
        try (LoraCheckpoint ours = Adapters.merged(BASE, PICKLE);
                LoraCheckpoint wanted = Adapters.merged(BASE, adapter)) {
            assertThat(ours.matches()).hasSameSizeAs(wanted.matches());
            assertThat(ours.tensors().keySet()).isEqualTo(wanted.tensors().keySet());
            for (String name : wanted.tensors().keySet()) {
                assertThat(values(ours, name)).containsExactly(values(wanted, name));
            }
        }
    }

    private static float[] values(LoraCheckpoint model, String name) throws IOException {
        return Adapters.read(Objects.requireNonNull(model.tensors().get(name)), 1000);
    }

    @Test
    void twoTensorsInOneStorageAreBothThere() throws IOException {
        try (Adapter adapter = Adapters.open(PICKLE.resolve("both.bin"))) {
            assertThat(adapter.whole())
                    .containsOnlyKeys("model.embed_tokens.weight", "lm_head.weight");
        }
    }

    @Test
    void safetensorsAreReadWhereBothAreThere() throws IOException {
        Files.copy(PICKLE.resolve("adapter_config.json"), temp.resolve("adapter_config.json"));
        Files.copy(
                SAVED.resolve("tied_saved/adapter/adapter_model.safetensors"),
                temp.resolve("adapter_model.safetensors"));
        Files.writeString(temp.resolve("adapter_model.bin"), "no archive");

        try (Adapter adapter = Adapters.open(temp)) {
            assertThat(adapter.files()).containsExactly(temp.resolve("adapter_model.safetensors"));
        }
    }

    @Test
    void nothingInOneIsEverRun() throws IOException {
        List<Path> attacks;
        try (Stream<Path> files = Files.list(Path.of("src/test/resources/pickles"))) {
            attacks =
                    files.filter(file -> file.toString().endsWith(".pt"))
                            .filter(file -> !file.endsWith("good.pt"))
                            .sorted()
                            .toList();
        }
        assertThat(attacks).hasSizeGreaterThan(20);
        for (Path attack : attacks) {
            Path folder = Files.createDirectories(temp.resolve(attack.getFileName()));
            Files.copy(
                    PICKLE.resolve("adapter_config.json"), folder.resolve("adapter_config.json"));
            Files.copy(attack, folder.resolve("adapter_model.bin"));
            assertThatThrownBy(() -> Adapters.open(folder))
                    .as(attack.toString())
                    .isInstanceOf(BadInputException.class);
        }
    }
}
