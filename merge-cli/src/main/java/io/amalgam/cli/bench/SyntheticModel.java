package io.amalgam.cli.bench;

import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private static final int VOCABULARY = 32_000;

    /** The fewest parameters a model can be made of. */
    static final long SMALLEST = 40_000_000;

    /** From this many parameters on, layers are as wide as those of the well-known small model. */
    private static final long WIDE = 300_000_000;

    private static final int DEEP = 32;

    /** Hidden sizes come in steps, so that heads and their quarters are whole. */
    private static final int STEP = 64;

    private SyntheticModel() {}

    /**
     * A model's shape; 22 layers of 2048 make the 1.1 thousand million parameters of a well-known
     * small model.
     */
    record Size(int layers, int hidden) {
        /** The size that comes nearest to this many parameters, at least {@link #SMALLEST}. */
        static Size of(long parameters) {
            int hidden = parameters < WIDE ? 512 : 2048;
            long loose = new Size(0, hidden).parameters();
            long layer = new Size(1, hidden).parameters() - loose;
            return new Size(
                    (int) Math.max(2, Math.round((parameters - loose) / (double) layer)), hidden);
        }

        /** 32 layers as wide as comes nearest to this many parameters. */
        static Size deep(long parameters) {
            int hidden = STEP;
            while (new Size(DEEP, hidden + STEP / 2).parameters() < parameters) {
                hidden += STEP;
            }
            return new Size(DEEP, hidden);
        }

        /** Bytes of a model with half as many layers again. */
        long deeperBytes() {
            return 2 * new Size(layers * 3 / 2, hidden).parameters();
        }

        int intermediate() {
            return hidden * 11 / 4;
        }

        int keyValue() {
            return hidden / 8;
        }

        long parameters() {
            return tensors(this).stream().mapToLong(TensorInfo::elements).sum();
        }
    }

    /** Tensors of a model. */
    static List<TensorInfo> tensors(Size size) {
        int hidden = size.hidden();
        int intermediate = size.intermediate();
        List<TensorInfo> all = new ArrayList<>();
        add(all, "model.embed_tokens.weight", VOCABULARY, hidden);
        for (int layer = 0; layer < size.layers(); layer++) {
            String at = "model.layers." + layer + ".";
            add(all, at + "input_layernorm.weight", hidden);
            add(all, at + "mlp.down_proj.weight", hidden, intermediate);
            add(all, at + "mlp.gate_proj.weight", intermediate, hidden);
            add(all, at + "mlp.up_proj.weight", intermediate, hidden);
            add(all, at + "post_attention_layernorm.weight", hidden);
            add(all, at + "self_attn.k_proj.weight", size.keyValue(), hidden);
            add(all, at + "self_attn.o_proj.weight", hidden, hidden);
            add(all, at + "self_attn.q_proj.weight", hidden, hidden);
            add(all, at + "self_attn.v_proj.weight", size.keyValue(), hidden);
        }
        add(all, "model.norm.weight", hidden);
        add(all, "lm_head.weight", VOCABULARY, hidden);
        return all;
    }

    private static void add(List<TensorInfo> all, String name, long... dims) {
        all.add(new TensorInfo(name, DType.BF16, Shape.of(dims)));
    }

    /**
     * Writes a model unless it is there already.
     *
     * @param tune 0 for the base, else which fine-tune
     */
    static void write(Path directory, Size size, int tune, OutputFormat format) throws IOException {
        if (store(directory.resolve("model.safetensors"), tensors(size), tune, format)) {
            Files.writeString(
                    directory.resolve("config.json"), config(size), StandardCharsets.UTF_8);
        }
    }

    /** Writes one file of made-up tensors; false if it is there already. */
    static boolean store(Path target, List<TensorInfo> tensors, int tune, OutputFormat format)
            throws IOException {
        OutputLayout layout =
                format.layout(
                        OutputModel.of(tensors),
                        new OutputFormat.LayoutOptions(0, Map.of("format", "pt")));
        OutputLayout.DataFile file = layout.files().get(0);
        if (Files.exists(target) && Files.size(target) == file.size()) {
            return false;
        }
        try (AtomicFile whole = AtomicFile.create(target)) {
            whole.write(ByteBuffer.wrap(file.header()), 0);
            for (int i = 0; i < tensors.size(); i++) {
                values(whole, layout.placements().get(i).offset(), tensors.get(i), i, tune);
            }
            whole.commit();
        }
        return true;
    }

    private static void values(AtomicFile file, long at, TensorInfo tensor, int index, int tune)
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
                file.write(buffer.flip(), position);
                position += buffer.limit();
                buffer.clear();
            }
        }
        file.write(buffer.flip(), position);
    }

    private static float[] normals(long seed, double deviation) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] table = new float[TABLE];
        for (int i = 0; i < TABLE; i++) {
            table[i] = (float) (random.nextGaussian() * deviation);
        }
        return table;
    }

    private static String config(Size size) {
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
                .formatted(size.hidden(), size.intermediate(), size.layers(), VOCABULARY);
    }
}
