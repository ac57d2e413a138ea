package io.amalgam.internal.lora.apply;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The two namings of the U-Nets of Stable Diffusion 1, 2 and XL: blocks by number, as their first
 * files have them ({@code input_blocks.4.1}), and diffusers' ({@code down_blocks.1.attentions.0}).
 * Down and up, a block of diffusers has three numbers: its layers, and a change of size.
 */
final class UnetNames {
    private static final int STRIDE = 3;

    private static final Pattern NUMBERED =
            Pattern.compile("(input|middle|output)_block(?:s)?\\.(\\d+)(?:\\.(\\d+))?\\.?(.*)");
    private static final Pattern NAMED =
            Pattern.compile(
                    "(?:(down|up)_blocks\\.(\\d+)|(mid)_block)\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d+)\\.(.+)");

    /** Modules outside of blocks, and those inside of a residual block. */
    private static final Map<String, String> OUTSIDE =
            Map.of(
                    "input_blocks.0.0", "conv_in",
                    "out.0", "conv_norm_out",
                    "out.2", "conv_out",
                    "time_embed.0", "time_embedding.linear_1",
                    "time_embed.2", "time_embedding.linear_2",
                    "label_emb.0.0", "add_embedding.linear_1",
                    "label_emb.0.2", "add_embedding.linear_2");

    private static final Map<String, String> RESIDUAL =
            Map.of(
                    "in_layers.0", "norm1",
                    "in_layers.2", "conv1",
                    "emb_layers.1", "time_emb_proj",
                    "out_layers.0", "norm2",
                    "out_layers.3", "conv2",
                    "skip_connection", "conv_shortcut");

    private UnetNames() {}

    /** Diffusers' name of a module with a numbered name. */
    static Optional<String> diffusers(String module) {
        String outside = OUTSIDE.get(module);
        if (outside != null) {
            return Optional.of(outside);
        }
        if (module.startsWith("middle_block.")) {
            return middle(module.substring("middle_block.".length()));
        }
        Matcher name = NUMBERED.matcher(module);
        if (!name.matches() || name.group(3) == null) {
            return Optional.empty();
        }
        boolean down = name.group(1).equals("input");
        int number = Integer.parseInt(name.group(2)) - (down ? 1 : 0);
        String block = (down ? "down_blocks." : "up_blocks.") + number / STRIDE + ".";
        int layer = number % STRIDE;
        String rest = name.group(4);
        if (rest.equals("op")) {
            return Optional.of(block + "downsamplers.0.conv");
        }
        if (rest.equals("conv")) {
            return Optional.of(block + "upsamplers.0.conv");
        }
        return name.group(3).equals("0")
                ? residual(rest).map(inner -> block + "resnets." + layer + "." + inner)
                : Optional.of(block + "attentions." + layer + "." + rest);
    }

    private static Optional<String> middle(String rest) {
        String inner = rest.substring(Math.min(2, rest.length()));
        return switch (rest.charAt(0)) {
            case '0' -> residual(inner).map(name -> "mid_block.resnets.0." + name);
            case '1' -> Optional.of("mid_block.attentions.0." + inner);
            case '2' -> residual(inner).map(name -> "mid_block.resnets.1." + name);
            default -> Optional.empty();
        };
    }

    private static Optional<String> residual(String inner) {
        return Optional.ofNullable(RESIDUAL.get(inner));
    }

    private static Optional<String> key(Map<String, String> map, String value) {
        return map.entrySet().stream()
                .filter(entry -> entry.getValue().equals(value))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /**
     * The numbered name of a module with diffusers' name.
     *
     * @param all the model's tensors: a change of size is the last of its number
     */
    static Optional<String> original(String module, Collection<String> all) {
        Optional<String> outside = key(OUTSIDE, module);
        Matcher name = NAMED.matcher(module);
        if (outside.isPresent() || !name.matches()) {
            return outside;
        }
        int layer = Integer.parseInt(name.group(5));
        boolean attends = name.group(4).equals("attentions");
        Optional<String> inner =
                name.group(4).equals("resnets")
                        ? key(RESIDUAL, name.group(6))
                        : Optional.of(name.group(6));
        if (name.group(3) != null) {
            return inner.map(i -> "middle_block." + (attends ? 1 : 2 * layer) + "." + i);
        }
        int block = Integer.parseInt(name.group(2)) * STRIDE;
        return switch (name.group(4)) {
            case "downsamplers" -> Optional.of("input_blocks." + (block + STRIDE) + ".0.op");
            case "upsamplers" -> {
                String attentions = "up_blocks." + name.group(2) + ".attentions.";
                boolean third = all.stream().anyMatch(tensor -> tensor.startsWith(attentions));
                yield Optional.of(
                        "output_blocks." + (block + STRIDE - 1) + (third ? ".2" : ".1") + ".conv");
            }
            default ->
                    inner.map(
                            i ->
                                    (name.group(1).equals("down")
                                                    ? "input_blocks." + (block + layer + 1)
                                                    : "output_blocks." + (block + layer))
                                            + (attends ? ".1." : ".0.")
                                            + i);
        };
    }
}
