package io.amalgam.internal.formats.quantised;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a model's settings say that its tensors may be.
 *
 * @param formats in the order in which they are tried
 * @param unreadable its name, where it is not read
 * @param rescaled whether scales have been moved between tensors, so that they can only be compared
 *     as a whole
 */
record FormatChoice(List<QuantisedFormat> formats, Optional<String> unreadable, boolean rescaled) {
    /** Of a model without settings. */
    static final FormatChoice PLAIN =
            new FormatChoice(List.of(new PlainFormat()), Optional.empty(), false);

    /** They describe activations and caches, not weights. */
    private static final Pattern DROPPED =
            Pattern.compile(
                    ".*\\.(input_scale|activation_scale|output_scale|[kvq]_scale|input_global_scale|input_zero_point|output_zero_point|[kvq]_zero_point|input_scale_ub|qscale_act)");

    private static final Pattern SCALE = Pattern.compile(".*_scale(_inv|_2)?");

    /** What codes have beside them. */
    private static final Pattern COMPANION =
            Pattern.compile(
                    ".*(_scale_inv|weight_scale|weight_scale_2|weight_global_scale|weight_packed|weight_shape|weight_zero_point|weight_g_idx|_blocks|_scales|\\.qweight|\\.qzeros|\\.scales|\\.g_idx|\\.absmax|\\.quant_map|\\.nested_absmax|\\.nested_quant_map|\\.quant_state\\..*|\\.SCB|\\.weight_format|\\.pre_quant_scale|\\.qscale_weight)");

    private static final String REORDERED =
            "compressed-tensors with 'weight_g_idx', which gives each input a group";

    /** Whether a name is one of scales, which may be 8-bit floats themselves. */
    static boolean isScale(String name) {
        return SCALE.matcher(name).matches();
    }

    /** Whether a tensor is left out of the dense model. */
    boolean isDropped(String name) {
        return DROPPED.matcher(name).matches();
    }

    /** Whether a name is one that only tensors beside codes have. */
    boolean isCompanion(String name) {
        return COMPANION.matcher(name).matches();
    }

    /**
     * @param model what the user calls it
     * @throws io.amalgam.error.BadInputException if the settings have something else for a number
     */
    static FormatChoice of(QuantisationSettings settings, Set<String> names, String model) {
        String method = settings.method();
        ObjectNode node = settings.node();
        ConfigNumbers numbers =
                new ConfigNumbers(
                        node, settings.place(), model, "the weights are read by this number");
        return switch (method) {
            case "fp8" ->
                    settings.text("expert_dtype").equals("fp4")
                            ? no("fp8 with experts of fp4")
                            : of(new ScaledFormat("_scale_inv", blocks(numbers)));
            case "fbgemm_fp8" -> of(new ScaledFormat("_scale", List.of()));
            case "compressed-tensors" -> compressed(settings, numbers, names);
            case "modelopt", "modelopt_fp4", "modelopt_mxfp8" -> modelopt(node, names);
            case "mxfp4" -> of(new ExpertBlocksFormat());
            case "bitsandbytes" -> of(new BitsAndBytesFormat());
            case "gptq" -> gptq(settings, numbers);
            case "awq" -> awq(settings, numbers);
            default -> no(method);
        };
    }

    /**
     * Of a model that says nothing, by names that only quantised tensors have: plain if there are
     * none.
     */
    static FormatChoice of(Map<String, ? extends TensorSource> stored) {
        for (String name : stored.keySet()) {
            if (name.endsWith(".qweight")) {
                return no("GPTQ or AWQ without its settings");
            }
            if (name.contains(".quant_state.bitsandbytes__") || name.endsWith(".SCB")) {
                return of(new BitsAndBytesFormat());
            }
            if (name.endsWith("_blocks") && stored.containsKey(scalesOf(name))) {
                return of(new ExpertBlocksFormat());
            }
            if (name.endsWith(".weight_packed")) {
                return reordered(stored.keySet())
                        ? no(REORDERED)
                        : of(
                                new PackedFormat(Set.of(), Set.of(), false),
                                new Fp4Format(),
                                new ScaledFormat("_scale", List.of()));
            }
            DType type = stored.get(name).info().dtype();
            boolean codes = ScaledTensor.fits(type) || type == DType.U8;
            if (codes && !isScale(name) && stored.containsKey(name + "_scale_inv")) {
                return of(new ScaledFormat("_scale_inv", List.of()));
            }
            if (codes && !isScale(name) && stored.containsKey(name + "_scale")) {
                return of(new Fp4Format(), new ScaledFormat("_scale", List.of()));
            }
        }
        return PLAIN;
    }

    /** Whether inputs are said to have a group each, which is not read. */
    private static boolean reordered(Set<String> names) {
        return names.stream().anyMatch(name -> name.endsWith(".weight_g_idx"));
    }

    private static String scalesOf(String blocks) {
        return blocks.substring(0, blocks.length() - "_blocks".length()) + "_scales";
    }

    private static FormatChoice of(QuantisedFormat... formats) {
        return new FormatChoice(List.of(formats), Optional.empty(), false);
    }

    private static FormatChoice no(String name) {
        return new FormatChoice(List.of(), Optional.of(name), false);
    }

    private static List<int[]> blocks(ConfigNumbers numbers) {
        return block(numbers, "weight_block_size").map(List::of).orElse(List.of());
    }

    private static Optional<int[]> block(ConfigNumbers numbers, String key) {
        JsonNode sizes = numbers.section().path(key);
        if (sizes.isMissingNode() || sizes.isNull()) {
            return Optional.empty();
        }
        boolean listed = sizes.path(0).isInt() && sizes.path(1).isInt() && sizes.size() == 2;
        int[] block =
                listed
                        ? new int[] {sizes.get(0).intValue(), sizes.get(1).intValue()}
                        : numbers(sizes.asText());
        if (block[0] < 1 || block[1] < 1) {
            throw numbers.bad(key, "two whole numbers from 1 up");
        }
        return Optional.of(block);
    }

    /** Old settings say {@code 128x128}. */
    private static int[] numbers(String text) {
        return text.matches("\\d{1,6}x\\d{1,6}")
                ? new int[] {
                    Integer.parseInt(text.substring(0, text.indexOf('x'))),
                    Integer.parseInt(text.substring(text.indexOf('x') + 1))
                }
                : new int[2];
    }

    private static FormatChoice compressed(
            QuantisationSettings settings, ConfigNumbers numbers, Set<String> names) {
        ObjectNode node = settings.node();
        List<int[]> blocks = new ArrayList<>();
        Set<Integer> widths = new LinkedHashSet<>();
        Set<Integer> groups = new LinkedHashSet<>();
        Set<String> formats = new LinkedHashSet<>(List.of(settings.text("format")));
        Set<Boolean> symmetric = new LinkedHashSet<>();
        for (JsonNode group : node.path("config_groups")) {
            JsonNode weights = group.path("weights");
            formats.add(group.path("format").asText(""));
            if (!weights.isObject()) {
                continue;
            }
            ConfigNumbers said = numbers.in(weights);
            block(said, "block_structure").ifPresent(blocks::add);
            widths.add(said.whole("num_bits", 0, 8));
            groups.add(said.whole("group_size", -1, 0));
            if (!weights.path("type").asText().equals("float")) {
                symmetric.add(!weights.hasNonNull("symmetric") || said.flag("symmetric"));
            }
        }
        if (reordered(names)) {
            return no(REORDERED);
        }
        for (String name : formats) {
            if (name.contains("sparse") || name.contains("marlin") || name.contains("mxfp6")) {
                return no("compressed-tensors in the format '" + name + "'");
            }
        }
        String sparsity = node.path("sparsity_config").path("format").asText("dense");
        if (!sparsity.equals("dense")) {
            return no("compressed-tensors with a 'sparsity_config' of '" + sparsity + "'");
        }
        if (!node.path("transform_config").isMissingNode()
                && !node.path("transform_config").isNull()
                && !node.path("transform_config").isEmpty()) {
            return no("compressed-tensors with a 'transform_config'");
        }
        // Where all are, zeros that are missing are not zeros of 0.
        boolean zeros = symmetric.equals(Set.of(false));
        return of(
                new PackedFormat(widths, groups, zeros),
                new Fp4Format(),
                new ScaledFormat("_scale", blocks, zeros));
    }

    private static FormatChoice modelopt(ObjectNode node, Set<String> names) {
        String algorithm =
                node.path("quant_algo")
                        .asText(node.path("quantization").path("quant_algo").asText(""));
        if (algorithm.endsWith("_AWQ")
                || algorithm.endsWith("_SVD")
                || names.stream().anyMatch(name -> name.endsWith(".pre_quant_scale"))) {
            return no("modelopt " + algorithm + ", whose inputs are scaled beforehand");
        }
        return of(new Fp4Format(), new ScaledFormat("_scale", List.of()));
    }

    private static FormatChoice gptq(QuantisationSettings settings, ConfigNumbers numbers) {
        String version = settings.text("checkpoint_format");
        if (!version.isEmpty() && !version.equals("gptq") && !version.equals("gptq_v2")) {
            return no("gptq with the 'checkpoint_format' '" + version + "'");
        }
        if (numbers.flag("is_marlin_format")) {
            return no("gptq with 'is_marlin_format'");
        }
        return of(
                new GptqFormat(
                        version.equals("gptq_v2"),
                        numbers.flag("sym"),
                        numbers.whole("group_size", -1, 0),
                        numbers.flag("desc_act"),
                        numbers.whole("bits", 0, 0),
                        settings.node().path("dynamic").isEmpty()));
    }

    private static FormatChoice awq(QuantisationSettings settings, ConfigNumbers numbers) {
        String version = settings.text("version");
        if (!version.isEmpty() && !version.equalsIgnoreCase("gemm")) {
            return no("awq of the 'version' '" + version + "'");
        }
        int bits = numbers.whole("bits", 1, numbers.whole("w_bit", 1, 4));
        if (bits != 4) {
            return no("awq of " + bits + " bits");
        }
        boolean zeroPoint = !settings.node().hasNonNull("zero_point") || numbers.flag("zero_point");
        int group = numbers.whole("group_size", -1, numbers.whole("q_group_size", -1, 0));
        return new FormatChoice(List.of(new AwqFormat(zeroPoint, group)), Optional.empty(), true);
    }
}
