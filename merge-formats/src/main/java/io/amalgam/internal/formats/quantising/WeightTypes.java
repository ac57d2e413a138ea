package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What weights can be quantised to. */
final class WeightTypes {
    private static final int BLOCK = 128;
    private static final int MX_GROUP = 32;
    private static final int INT_GROUP = 128;

    private WeightTypes() {}

    /** All types, in the order in which they are named. */
    static List<WeightType> all() {
        List<WeightType> all = new ArrayList<>();
        all.add(byRow("fp8", "float-quantized", "float", ByteScale.FP8));
        all.add(fp8Tensor());
        all.add(fp8Block());
        all.add(new TransformersFp8("fp8_deepseek", BLOCK, BLOCK, false));
        all.add(mxfp8());
        all.add(mxfp4());
        all.add(nvfp4());
        all.add(new ModeloptNvfp4());
        all.add(byRow("int8", "int-quantized", "int", ByteScale.INT8));
        all.add(int4("int4", INT_GROUP, true));
        all.add(int4("int4_g32", MX_GROUP, true));
        all.add(int4("int4_asym", INT_GROUP, false));
        all.add(int4("int4_asym_g32", MX_GROUP, false));
        return List.copyOf(all);
    }

    /**
     * The type of a name, in the way of the model whose configuration the output gets, where that
     * is quantised alike.
     *
     * @param donor the settings of that model
     */
    static WeightType of(String name, Optional<ObjectNode> donor) {
        String method = donor.map(said -> said.path("quant_method").asText("")).orElse("");
        if (name.equals("fp8_block") && method.equals("fp8")) {
            int rows = donor.get().path("weight_block_size").path(0).asInt(BLOCK);
            int columns = donor.get().path("weight_block_size").path(1).asInt(BLOCK);
            boolean powers = donor.get().path("scale_fmt").asText("").equals("ue8m0");
            if (rows > 0 && columns > 0) {
                return new TransformersFp8(name, rows, columns, powers);
            }
        }
        if (name.equals("mxfp4") && method.equals(ExpertMxfp4.METHOD)) {
            return new ExpertMxfp4(donor);
        }
        if (name.equals("nvfp4") && method.startsWith("modelopt")) {
            return new ModeloptNvfp4();
        }
        return all().stream().filter(type -> type.name().equals(name)).findFirst().orElseThrow();
    }

    /** All types as a model with such settings has them. */
    static List<WeightType> ofDonor(Optional<ObjectNode> donor) {
        return all().stream().map(type -> of(type.name(), donor)).toList();
    }

    private static WeightType byRow(String name, String format, String kind, ByteScale rule) {
        return new CompressedType(
                name,
                format,
                CompressedType.numbers(8, kind, true, "channel", 0, false),
                Optional.of(CompressedType.numbers(8, kind, true, "token", 0, true)),
                dense -> bytes(name, dense, Shape.of(rows(dense), 1), rule, 1, columns(dense)));
    }

    private static WeightType fp8Tensor() {
        return new CompressedType(
                "fp8_tensor",
                "float-quantized",
                CompressedType.numbers(8, "float", true, "tensor", 0, false),
                Optional.of(CompressedType.numbers(8, "float", true, "token", 0, true)),
                dense -> bytes("fp8_tensor", dense, Shape.of(1), ByteScale.FP8, 0, columns(dense)));
    }

    private static WeightType fp8Block() {
        ObjectNode weights = CompressedType.numbers(8, "float", true, "block", 0, false);
        weights.putArray("block_structure").add(BLOCK).add(BLOCK);
        return new CompressedType(
                "fp8_block",
                "float-quantized",
                weights,
                Optional.of(CompressedType.numbers(8, "float", true, "group", BLOCK, true)),
                dense ->
                        bytes(
                                "fp8_block",
                                dense,
                                Shape.of(blocks(rows(dense), BLOCK), blocks(columns(dense), BLOCK)),
                                ByteScale.FP8,
                                BLOCK,
                                BLOCK));
    }

    private static WeightType mxfp8() {
        return new CompressedType(
                "mxfp8",
                "mxfp8-quantized",
                exponents(8),
                Optional.empty(),
                dense ->
                        columns(dense) % MX_GROUP != 0
                                ? Optional.empty()
                                : bytes(
                                        "mxfp8",
                                        dense,
                                        Shape.of(rows(dense), columns(dense) / MX_GROUP),
                                        ByteScale.MXFP8,
                                        1,
                                        MX_GROUP));
    }

    private static WeightType mxfp4() {
        return new CompressedType(
                "mxfp4",
                "mxfp4-pack-quantized",
                exponents(4),
                Optional.empty(),
                dense -> fp4("mxfp4", dense, Fp4Scale.MXFP4, "_packed", ""));
    }

    private static ObjectNode exponents(int bits) {
        return CompressedType.numbers(bits, "float", true, "group", MX_GROUP, false)
                .put("scale_dtype", "torch.uint8");
    }

    private static WeightType nvfp4() {
        return new CompressedType(
                "nvfp4",
                "nvfp4-pack-quantized",
                CompressedType.numbers(
                                4, "float", true, "tensor_group", Fp4Scale.NVFP4.group(), false)
                        .put("scale_dtype", "torch.float8_e4m3fn"),
                Optional.empty(),
                dense -> fp4("nvfp4", dense, Fp4Scale.NVFP4, "_packed", "_global_scale"));
    }

    private static WeightType int4(String name, int group, boolean symmetric) {
        return new CompressedType(
                name,
                "pack-quantized",
                CompressedType.numbers(4, "int", symmetric, "group", group, false),
                Optional.empty(),
                dense ->
                        columns(dense) % group != 0
                                ? Optional.empty()
                                : Optional.of(new IntQuantiser(dense, name, group, symmetric)));
    }

    private static Optional<Quantiser> bytes(
            String name, TensorInfo dense, Shape scales, ByteScale rule, int down, int across) {
        return Optional.of(
                new ByteQuantiser(
                        dense, dense.name() + "_scale", scales, name, rule, down, across));
    }

    /**
     * @param packed what the name of the codes has behind that of the weight
     * @param number the same of the tensor's number; empty if there is none
     */
    static Optional<Quantiser> fp4(
            String name, TensorInfo dense, Fp4Scale rule, String packed, String number) {
        long columns = columns(dense);
        if (columns % rule.group() != 0) {
            return Optional.empty();
        }
        String weight = dense.name();
        List<TensorInfo> stored = new ArrayList<>();
        stored.add(new TensorInfo(weight + packed, DType.U8, Shape.of(rows(dense), columns / 2)));
        stored.add(
                new TensorInfo(
                        weight + "_scale",
                        rule.scales(),
                        Shape.of(rows(dense), columns / rule.group())));
        if (!number.isEmpty()) {
            // Divided scales have one element, others none but the number.
            Shape one = rule == Fp4Scale.NVFP4 ? Shape.of(1) : Shape.of();
            stored.add(new TensorInfo(weight + number, DType.F32, one));
        }
        return Optional.of(new Fp4Quantiser(stored, name, rule, FusedLayers.of(weight)));
    }

    static long rows(TensorInfo dense) {
        return dense.shape().dim(0);
    }

    static int columns(TensorInfo dense) {
        return Math.toIntExact(dense.shape().dim(1));
    }

    static long blocks(long size, int block) {
        return (size + block - 1) / block;
    }
}
