package io.amalgam.internal.formats.files;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileNamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "..x", "a b", "-rf"})
    void plainNames(String name) {
        assertThat(FileNames.isPlain(name)).isTrue();
        assertThat(FileNames.isInside("onnx/onnx/" + name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", ".", "..", "a\\b", "C:", "a\0", "a\n", "\ud800x", "../a", "a/../b", "/a"
            })
    void others(String name) {
        assertThat(FileNames.isPlain(name)).isFalse();
        assertThat(FileNames.isInside(name)).isFalse();
        assertThat(FileNames.isInside("x/" + name)).isFalse();
    }
}
