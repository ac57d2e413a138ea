package io.amalgam.cli.bench;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Models of one matrix of made-up codes each, in the formats that are read. */
final class QuantisedMatrices {
    private static final int SIZE = 4096;
    private static final int GROUP = 128;
    private static final int MX_GROUP = 32;
    private static final int NV_GROUP = 16;
    private static final int BLOCK = 128;
    private static final int NF4_BLOCK = 64;
    private static final int NESTED = 256;
    private static final String MODULE = "model.layers.0.mlp.up_proj";
    private static final String WEIGHT = MODULE + ".weight";
    private static final String COMPRESSED =
            "{'quant_method':'compressed-tensors','config_groups':{'group_0':{'weights':{'num_bits':4,'group_size':128}}}}";

    /** Bytes that mean about 1 as exponents, 1 as E4M3, 0.008 as float16. */
    private static final int EXPONENT = 126;

    private static final int ONE = 0x38;
    private static final int SMALL = 0x20;

    private final Path folder;
    private final List<Path> models = new ArrayList<>();

    private QuantisedMatrices(Path folder) {
        this.folder = folder;
    }

    /** Writes the models, bfloat16 first; returns their folders. */
    static List<Path> write(Path folder) throws IOException {
        QuantisedMatrices all = new QuantisedMatrices(folder);
        all.writeAll();
        return all.models;
    }

    private void writeAll() throws IOException {
        NamedTensor fp8 = random(WEIGHT, DType.F8_E4M3, SIZE, SIZE);
        NamedTensor packed = random(WEIGHT + "_packed", DType.U8, SIZE, SIZE / 2);
        NamedTensor words = random(WEIGHT + "_packed", DType.I32, SIZE, SIZE / 8);
        NamedTensor shape = shape();
        NamedTensor ofGroups = floats(WEIGHT + "_scale", SIZE, SIZE / GROUP);
        model("bf16", "", filled(WEIGHT, DType.BF16, 0x3C, SIZE, SIZE));
        model("fp8", COMPRESSED, fp8, floats(WEIGHT + "_scale", SIZE, 1));
        model(
                "fp8_block",
                "{'quant_method':'fp8','weight_block_size':[128,128]}",
                fp8,
                floats(WEIGHT + "_scale_inv", SIZE / BLOCK, SIZE / BLOCK));
        model(
                "mxfp8",
                COMPRESSED,
                fp8,
                filled(WEIGHT + "_scale", DType.U8, EXPONENT, SIZE, SIZE / MX_GROUP));
        model(
                "int8",
                COMPRESSED,
                random(WEIGHT, DType.I8, SIZE, SIZE),
                floats(WEIGHT + "_scale", SIZE, 1));
        model(
                "mxfp4",
                COMPRESSED,
                packed,
                filled(WEIGHT + "_scale", DType.U8, EXPONENT, SIZE, SIZE / MX_GROUP));
        model(
                "nvfp4",
                COMPRESSED,
                packed,
                filled(WEIGHT + "_scale", DType.F8_E4M3, ONE, SIZE, SIZE / NV_GROUP),
                floats(WEIGHT + "_global_scale", 1));
        model("int4", COMPRESSED, words, ofGroups, shape);
        model(
                "int4_asym",
                COMPRESSED,
                words,
                ofGroups,
                shape,
                random(WEIGHT + "_zero_point", DType.I32, SIZE / 8, SIZE / GROUP));
        model(
                "gptq",
                "{'quant_method':'gptq','bits':4,'group_size':128,'sym':false,'desc_act':false}",
                random(MODULE + ".qweight", DType.I32, SIZE / 8, SIZE),
                filled(MODULE + ".qzeros", DType.I32, 0x77, SIZE / GROUP, SIZE / 8),
                filled(MODULE + ".scales", DType.F16, SMALL, SIZE / GROUP, SIZE));
        model(
                "awq",
                "{'quant_method':'awq','bits':4,'group_size':128,'version':'gemm','zero_point':true}",
                random(MODULE + ".qweight", DType.I32, SIZE, SIZE / 8),
                random(MODULE + ".qzeros", DType.I32, SIZE / GROUP, SIZE / 8),
                filled(MODULE + ".scales", DType.F16, SMALL, SIZE / GROUP, SIZE));
        nf4("nf4", floats(WEIGHT + ".absmax", SIZE * SIZE / NF4_BLOCK));
        nf4(
                "nf4_double",
                random(WEIGHT + ".absmax", DType.U8, SIZE * SIZE / NF4_BLOCK),
                floats(WEIGHT + ".nested_absmax", SIZE * SIZE / NF4_BLOCK / NESTED),
                floats(WEIGHT + ".nested_quant_map", NESTED));
        String experts = "model.layers.0.mlp.experts.gate_up_proj";
        model(
                "gpt-oss",
                "{'quant_method':'mxfp4'}",
                random(experts + "_blocks", DType.U8, 2, SIZE, SIZE / 2 / MX_GROUP, 16),
                filled(experts + "_scales", DType.U8, EXPONENT, 2, SIZE, SIZE / 2 / MX_GROUP));
    }

    private void nf4(String name, NamedTensor... scales) throws IOException {
        byte[] state =
                ("{\"quant_type\":\"nf4\",\"blocksize\":64,\"dtype\":\"bfloat16\",\"shape\":[4096,4096],"
                                + "\"nested_blocksize\":256,\"nested_dtype\":\"float32\",\"nested_offset\":0.1}")
                        .getBytes(StandardCharsets.UTF_8);
        List<NamedTensor> all = new ArrayList<>(List.of(scales));
        all.add(random(WEIGHT, DType.U8, SIZE * SIZE / 2, 1));
        all.add(floats(WEIGHT + ".quant_map", 16));
        all.add(
                NamedTensor.ofBytes(
                        WEIGHT + ".quant_state.bitsandbytes__nf4",
                        DType.U8,
                        Shape.of(state.length),
                        state));
        model(
                name,
                "{'quant_method':'bitsandbytes','load_in_4bit':true}",
                all.toArray(NamedTensor[]::new));
    }

    private void model(String name, String settings, NamedTensor... tensors) throws IOException {
        Path model = Files.createDirectories(folder.resolve(name));
        String said = settings.isEmpty() ? "" : ", 'quantization_config': " + settings;
        Files.writeString(
                model.resolve("config.json"),
                ("{'torch_dtype': 'bfloat16'" + said + "}").replace('\'', '"'));
        SafetensorsWriter.write(
                model.resolve("model.safetensors"), List.of(tensors), Map.of("format", "pt"));
        models.add(model);
    }

    private static byte[] room(DType type, long... dims) {
        return new byte[(int) type.bytesFor(Shape.of(dims).elements())];
    }

    private static NamedTensor random(String name, DType type, long... dims) {
        byte[] bytes = room(type, dims);
        new Random(1).nextBytes(bytes);
        return NamedTensor.ofBytes(name, type, Shape.of(dims), bytes);
    }

    /** The last byte of each element is the given one, others are 0 where it has several. */
    private static NamedTensor filled(String name, DType type, int value, long... dims) {
        byte[] bytes = room(type, dims);
        int width = type == DType.I32 ? 1 : type.blockBytes();
        for (int i = width - 1; i < bytes.length; i += width) {
            bytes[i] = (byte) value;
        }
        return NamedTensor.ofBytes(name, type, Shape.of(dims), bytes);
    }

    private static NamedTensor floats(String name, long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        java.util.Arrays.fill(values, 0.01f);
        return NamedTensor.ofFloats(name, Shape.of(dims), values);
    }

    private static NamedTensor shape() {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(SIZE).putLong(SIZE);
        return NamedTensor.ofBytes(WEIGHT + "_shape", DType.I64, Shape.of(2), bytes.array());
    }
}
