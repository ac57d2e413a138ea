package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat.LayoutOptions;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardsTest {
    private static final HuggingFaceFormat FORMAT = new HuggingFaceFormat();
    private static final HuggingFaceOutput OUTPUT = new HuggingFaceOutput();

    @Test
    void startsAShardWhereTheNextTensorWouldExceedTheLimit() {
        OutputLayout layout =
                layout(
                        10,
                        tensor("a", 4),
                        tensor("b", 6),
                        tensor("c", 1),
                        tensor("d", 9),
                        tensor("e", 1));

        assertThat(shards(layout)).containsExactly(0, 0, 1, 1, 2);
        assertThat(layout.files())
                .extracting(DataFile::name)
                .containsExactly(
                        "model-00001-of-00003.safetensors",
                        "model-00002-of-00003.safetensors",
                        "model-00003-of-00003.safetensors");
    }

    @Test
    void aTensorBeyondTheLimitHasAShardToItself() {
        assertThat(shards(layout(10, tensor("a", 50), tensor("b", 1)))).containsExactly(0, 1);
        assertThat(shards(layout(10, tensor("a", 1), tensor("b", 50), tensor("c", 1))))
                .containsExactly(0, 1, 2);
    }

    @Test
    void emptyTensorsStartNoShard() {
        assertThat(shards(layout(10, tensor("a", 0), tensor("b", 10), tensor("c", 0))))
                .containsExactly(0, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 100, Long.MAX_VALUE})
    void oneShardHasNoIndex(long limit) {
        OutputLayout layout = layout(limit, tensor("a", 40), tensor("b", 60));

        assertThat(layout.files()).extracting(DataFile::name).containsExactly("model.safetensors");
        assertThat(layout.last()).isEmpty();
    }

    @Test
    void noTensorsAreOneFile() {
        OutputLayout layout = layout(10);

        assertThat(layout.files()).extracting(DataFile::name).containsExactly("model.safetensors");
        assertThat(layout.placements()).isEmpty();
    }

    @Test
    void theIndexComesLastAndIsSorted() {
        OutputLayout layout = layout(4, tensor("b", 4), tensor("a", 3), tensor("c", 1));

        assertThat(layout.last())
                .extracting(SmallFile::name)
                .containsExactly("model.safetensors.index.json");
        assertThat(new String(layout.last().get(0).content(), StandardCharsets.UTF_8))
                .isEqualTo(
                        """
                        {
                          "metadata": {
                            "total_size": 8
                          },
                          "weight_map": {
                            "a": "model-00002-of-00002.safetensors",
                            "b": "model-00001-of-00002.safetensors",
                            "c": "model-00002-of-00002.safetensors"
                          }
                        }
                        """);
    }

    @Test
    void headersSayWhichLibrariesTheTensorsAreFor() {
        DataFile file = layout(0, tensor("a", 1)).files().get(0);

        assertThat(new String(file.header(), StandardCharsets.UTF_8))
                .contains("{\"__metadata__\":{\"format\":\"pt\"},");
    }

    @Test
    void twoTensorsOfOneNameAreRefusedAcrossShards() {
        assertThatThrownBy(() -> layout(1, tensor("a", 1), tensor("a", 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("two tensors are named 'a'");
    }

    /** Writes bytes where the layout says, as the engine does, and opens the result. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 64, 1000})
    void whatIsWrittenAsLaidOutOpens(long limit, @TempDir Path directory) throws IOException {
        Random random = new Random(limit);
        DType[] types = {DType.F32, DType.BF16, DType.U8, DType.I64, DType.BOOL};
        List<TensorInfo> tensors = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            tensors.add(
                    new TensorInfo(
                            "t" + i, types[random.nextInt(5)], Shape.of(random.nextInt(4), 5)));
        }
        OutputLayout layout =
                OUTPUT.layout(OutputModel.of(tensors), new LayoutOptions(limit, Map.of()));
        write(layout, tensors, directory);

        try (Checkpoint checkpoint = FORMAT.open(directory, "m")) {
            assertThat(checkpoint.tensors()).hasSize(50);
            for (int i = 0; i < 50; i++) {
                StoredTensor stored = checkpoint.tensors().get("t" + i).stored().orElseThrow();
                assertThat(stored.info()).isEqualTo(tensors.get(i));
                ByteBuffer bytes = ByteBuffer.allocate((int) stored.info().bytes());
                stored.region().readFully(0, bytes);
                byte[] written = new byte[bytes.capacity()];
                Arrays.fill(written, (byte) i);
                assertThat(bytes.array()).isEqualTo(written);
            }
        }
    }

    private static void write(OutputLayout layout, List<TensorInfo> tensors, Path directory)
            throws IOException {
        long bytes = 0;
        for (DataFile file : layout.files()) {
            try (RandomAccessFile out =
                    new RandomAccessFile(directory.resolve(file.name()).toFile(), "rw")) {
                out.setLength(file.size());
                out.write(file.header());
            }
            bytes += file.size();
        }
        for (int i = 0; i < tensors.size(); i++) {
            Placement place = layout.placements().get(i);
            Path file = directory.resolve(layout.files().get(place.file()).name());
            try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
                out.seek(place.offset());
                byte[] content = new byte[(int) tensors.get(i).bytes()];
                Arrays.fill(content, (byte) i);
                out.write(content);
            }
        }
        for (SmallFile file : layout.last()) {
            Files.write(directory.resolve(file.name()), file.content());
            bytes += file.content().length;
        }
        assertThat(layout.bytes()).isEqualTo(bytes);
    }

    private static OutputLayout layout(long limit, TensorInfo... tensors) {
        return OUTPUT.layout(OutputModel.of(List.of(tensors)), new LayoutOptions(limit, Map.of()));
    }

    private static List<Integer> shards(OutputLayout layout) {
        return layout.placements().stream().map(Placement::file).toList();
    }

    private static TensorInfo tensor(String name, long bytes) {
        return new TensorInfo(name, DType.U8, Shape.of(bytes));
    }
}
