package io.amalgam.cli.bench;

import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A Llama-shaped bf16 checkpoint of made-up weights: a base with values of about 0.02, and
 * fine-tunes that differ from it by about 0.002 an element. The same every time.
 */
final class SyntheticModel {
    private static final int TABLE = 1 << 16;
    private static final int BUFFER = 1 << 20;
    private static final int HIDDEN = 2048;
    private static final int INTERMEDIATE = 5632;
    private static final int KEY_VALUE = 256;
    private static final int VOCABULARY = 32_000;

    private SyntheticModel() {}

    /**
     * Tensors of a model with this many layers; 22 make the 1.1 thousand million parameters of a
     * well-known small model.
     */
    static List<TensorInfo> tensors(int layers) {
        List<TensorInfo> all = new ArrayList<>();
        add(all, "model.embed_tokens.weight", VOCABULARY, HIDDEN);
        for (int layer = 0; layer < layers; layer++) {
            String at = "model.layers." + layer + ".";
            add(all, at + "input_layernorm.weight", HIDDEN);
            add(all, at + "mlp.down_proj.weight", HIDDEN, INTERMEDIATE);
            add(all, at + "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN);
            add(all, at + "mlp.up_proj.weight", INTERMEDIATE, HIDDEN);
            add(all, at + "post_attention_layernorm.weight", HIDDEN);
            add(all, at + "self_attn.k_proj.weight", KEY_VALUE, HIDDEN);
            add(all, at + "self_attn.o_proj.weight", HIDDEN, HIDDEN);
            add(all, at + "self_attn.q_proj.weight", HIDDEN, HIDDEN);
            add(all, at + "self_attn.v_proj.weight", KEY_VALUE, HIDDEN);
        }
        add(all, "model.norm.weight", HIDDEN);
        add(all, "lm_head.weight", VOCABULARY, HIDDEN);
        return all;
    }

    private static void add(List<TensorInfo> all, String name, long... dims) {
        all.add(new TensorInfo(name, DType.BF16, Shape.of(dims)));
    }

    /** The number of layers that comes nearest to this many parameters; at least 1. */
    static int layersFor(long parameters) {
        long loose = parameters(0);
        long layer = parameters(1) - loose;
        return (int) Math.max(1, Math.round((parameters - loose) / (double) layer));
    }

    static long parameters(int layers) {
        return tensors(layers).stream().mapToLong(TensorInfo::elements).sum();
    }

    /**
     * Writes a model unless it is there already.
     *
     * @param tune 0 for the base, else which fine-tune
     */
    static void write(Path directory, int layers, int tune, CheckpointFormat format)
            throws IOException {
        List<TensorInfo> tensors = tensors(layers);
        OutputLayout layout =
                format.layout(
                                tensors,
                                new CheckpointFormat.LayoutOptions(0, Map.of("format", "pt")))
                        .orElseThrow();
        OutputLayout.DataFile file = layout.files().get(0);
        Path target = directory.resolve(file.name());
        if (Files.exists(target) && Files.size(target) == file.size()) {
            return;
        }
        Files.createDirectories(directory);
        Path part = directory.resolve(file.name() + ".part");
        try (FileChannel channel =
                FileChannel.open(
                        part,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            writeFully(channel, ByteBuffer.wrap(file.header()), 0);
            for (int i = 0; i < tensors.size(); i++) {
                values(channel, layout.placements().get(i).offset(), tensors.get(i), i, tune);
            }
        }
        Files.writeString(directory.resolve("config.json"), config(layers), StandardCharsets.UTF_8);
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void values(FileChannel channel, long at, TensorInfo tensor, int index, int tune)
            throws IOException {
        float[] base = normals(1, 0.02);
        float[] change = normals(2 + tune, 0.002);
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        long position = at;
        long state = index * 0x9E3779B97F4A7C15L + 1;
        for (long element = 0; element < tensor.elements(); element++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            float value = base[(int) (state >>> 48)];
            if (tune > 0) {
                value += change[(int) (state >>> 24) & (TABLE - 1)];
            }
            int bits = Float.floatToRawIntBits(value);
            buffer.putShort((short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16));
            if (!buffer.hasRemaining()) {
                position += writeFully(channel, buffer.flip(), position);
                buffer.clear();
            }
        }
        writeFully(channel, buffer.flip(), position);
    }

    private static float[] normals(long seed, double deviation) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] table = new float[TABLE];
        for (int i = 0; i < TABLE; i++) {
            table[i] = (float) (random.nextGaussian() * deviation);
        }
        return table;
    }

    private static int writeFully(FileChannel channel, ByteBuffer bytes, long at)
            throws IOException {
        int written = 0;
        while (bytes.hasRemaining()) {
            written += channel.write(bytes, at + written);
        }
        return written;
    }

    private static String config(int layers) {
        return """
                {
                  "architectures": ["LlamaForCausalLM"],
                  "hidden_size": %d,
                  "intermediate_size": %d,
                  "model_type": "llama",
                  "num_attention_heads": 32,
                  "num_hidden_layers": %d,
                  "num_key_value_heads": 4,
                  "rms_norm_eps": 1e-05,
                  "tie_word_embeddings": false,
                  "torch_dtype": "bfloat16",
                  "vocab_size": %d
                }
                """
                .formatted(HIDDEN, INTERMEDIATE, layers, VOCABULARY);
    }
}
