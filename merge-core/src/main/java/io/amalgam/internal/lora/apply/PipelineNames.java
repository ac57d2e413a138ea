package io.amalgam.internal.lora.apply;

import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Modules of an image pipeline in one file, or of its U-Net in a folder, by the names that trainers
 * give them: kohya's ({@code lora_te2_text_model_encoder_layers_0_self_attn_q_proj}) and diffusers'
 * ({@code text_encoder_2.text_model...}). Part by part, so that no encoder is taken for another.
 *
 * <p>OpenCLIP, the second text encoder of SDXL, has query, key and value in one matrix, a third of
 * the rows each.
 */
final class PipelineNames {
    /** The parts of a pipeline. */
    private enum Part {
        UNET,
        TEXT,
        SECOND
    }

    /**
     * A tensor that a module means.
     *
     * @param third of its rows; empty for all
     */
    record Target(String tensor, Optional<Integer> third) {}

    private record Prefix(String adapter, Part part) {}

    private static final List<Prefix> PREFIXES =
            List.of(
                    new Prefix("lora_unet_", Part.UNET),
                    new Prefix("unet_", Part.UNET),
                    new Prefix("lora_te1_", Part.TEXT),
                    new Prefix("lora_te2_", Part.SECOND),
                    new Prefix("text_encoder_2_", Part.SECOND),
                    new Prefix("lora_te_", Part.TEXT),
                    new Prefix("text_encoder_", Part.TEXT));

    private static final Pattern UNET = Pattern.compile("^model\\.diffusion_model\\.(.+)");
    private static final Pattern SECOND =
            Pattern.compile("^(?:conditioner\\.embedders\\.1|text_encoders\\.clip_g)\\.(.+)");
    private static final Pattern TEXT =
            Pattern.compile(
                    "^(?:conditioner\\.embedders\\.0|cond_stage_model|text_encoders\\.clip_l)\\.(.+)");
    private static final Pattern OPEN_CLIP =
            Pattern.compile("^(?:model\\.)?transformer\\.resblocks\\.(\\d+)\\.(.+)");
    private static final Map<String, String> OF_BLOCK =
            Map.of(
                    "attn.out_proj.weight", "self_attn_out_proj",
                    "mlp.c_fc.weight", "mlp_fc1",
                    "mlp.c_proj.weight", "mlp_fc2");
    private static final List<String> THIRDS = List.of("q", "k", "v");
    private static final String PROJECTION = "text_projection";
    private static final String WEIGHT = ".weight";

    private final Map<Part, Map<String, Target>> parts = new LinkedHashMap<>();
    private final boolean oneFile;
    private final boolean unetAlone;
    private final boolean textAlone;
    private final boolean projects;

    PipelineNames(Collection<String> tensors) {
        unetAlone = tensors.stream().anyMatch(name -> name.startsWith("down_blocks."));
        textAlone = tensors.stream().anyMatch(name -> name.startsWith("text_model."));
        projects = tensors.contains(PROJECTION + WEIGHT);
        oneFile = tensors.stream().anyMatch(name -> UNET.matcher(name).matches());
        if (!oneFile) {
            folder(tensors);
            return;
        }
        for (String name : tensors) {
            Matcher unet = UNET.matcher(name);
            Matcher second = SECOND.matcher(name);
            Matcher text = TEXT.matcher(name);
            if (unet.matches()) {
                unet(name, unet.group(1));
            } else if (second.matches()) {
                text(Part.SECOND, name, second.group(1));
            } else if (text.matches()) {
                text(Part.TEXT, name, text.group(1));
            }
        }
    }

    /** Whether a module is of a part that is told from others by its name. */
    boolean speaksOf(String module) {
        return oneFile && prefix(module).isPresent();
    }

    /** Modules of an adapter that are of other parts of a pipeline than the one a folder has. */
    Set<String> elsewhere(Collection<String> modules) {
        Set<String> others = new LinkedHashSet<>();
        Set<Part> told = EnumSet.noneOf(Part.class);
        modules.forEach(module -> prefix(module).ifPresent(prefix -> told.add(prefix.part)));
        boolean both = told.contains(Part.TEXT) && told.contains(Part.SECOND);
        for (String module : modules) {
            Optional<Part> part = prefix(module).map(Prefix::part);
            boolean text = part.filter(p -> p != Part.UNET).isPresent();
            boolean otherText = both && part.filter(p -> p == Part.SECOND).isPresent() != projects;
            if ((unetAlone && text) || (textAlone && part.isPresent() && (!text || otherText))) {
                others.add(module);
            }
        }
        return others;
    }

    /** What a module means; empty where it is not known here. */
    Optional<Target> find(String module) {
        return prefix(module)
                .map(
                        prefix ->
                                parts.getOrDefault(prefix.part, Map.of())
                                        .get(flat(module).substring(prefix.adapter.length())));
    }

    private static Optional<Prefix> prefix(String module) {
        return PREFIXES.stream().filter(p -> flat(module).startsWith(p.adapter)).findFirst();
    }

    private static String flat(String module) {
        return module.replace('.', '_');
    }

    /** The projection of OpenCLIP is a parameter of its own, stored as {@code in x out}. */
    static boolean isTurned(String tensor) {
        return tensor.endsWith("." + PROJECTION);
    }

    private void put(Part part, String module, String tensor) {
        parts.computeIfAbsent(part, unused -> new LinkedHashMap<>())
                .put(flat(module), new Target(tensor, Optional.empty()));
    }

    private void unet(String tensor, String name) {
        if (name.endsWith(WEIGHT)) {
            String module = name.substring(0, name.length() - WEIGHT.length());
            put(Part.UNET, module, tensor);
            UnetNames.diffusers(module).ifPresent(other -> put(Part.UNET, other, tensor));
        }
    }

    private void text(Part part, String tensor, String name) {
        Matcher block = OPEN_CLIP.matcher(name);
        if (block.matches()) {
            String layer = "text_model_encoder_layers_" + block.group(1) + "_";
            if (block.group(2).equals("attn.in_proj_weight")) {
                for (int third = 0; third < THIRDS.size(); third++) {
                    parts.computeIfAbsent(part, unused -> new LinkedHashMap<>())
                            .put(
                                    layer + "self_attn_" + THIRDS.get(third) + "_proj",
                                    new Target(tensor, Optional.of(third)));
                }
            } else if (OF_BLOCK.containsKey(block.group(2))) {
                put(part, layer + OF_BLOCK.get(block.group(2)), tensor);
            }
        } else if (isTurned(name) || name.equals(PROJECTION)) {
            put(part, PROJECTION, tensor);
        } else if (name.endsWith(WEIGHT)) {
            String module = name.substring(0, name.length() - WEIGHT.length());
            put(part, module.replaceFirst("^(model\\.)?(transformer\\.)?", ""), tensor);
        }
    }

    /** A U-Net as diffusers stores it, for adapters with the names of the first. */
    private void folder(Collection<String> tensors) {
        for (String name : tensors) {
            if (name.endsWith(WEIGHT)) {
                String module = name.substring(0, name.length() - WEIGHT.length());
                UnetNames.original(module, tensors).ifPresent(other -> put(Part.UNET, other, name));
            }
        }
    }
}
