package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.forward.LlamaForward;
import io.amalgam.internal.forward.LlamaShape;
import io.amalgam.internal.forward.Rounding;
import io.amalgam.internal.forward.RowArithmetic;
import io.amalgam.internal.forward.Weights;
import io.amalgam.internal.recipe.MoeRecipe.GateMode;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows of routers made from prompts: {@code layers x experts x width} numbers. The base is run over
 * as many prompts at a time as fit.
 */
final class PromptGates implements Preparation {
    /** Elements of the residual stream that are held at a time; a few arrays are as large. */
    private static final long HELD = 1 << 21;

    /** Rows shorter than this are not given length 1. */
    private static final float LEAST = 1e-8f;

    private final String model;
    private final GateMode mode;
    private final LlamaShape shape;
    private final Map<String, ? extends TensorSource> tensors;
    private final List<Tokens> experts;
    private final Rounding rounding;
    private final int routed;
    private volatile float @Nullable [][][] rows;
    private boolean[][] vanished = new boolean[0][];

    /**
     * The tokens of an expert's prompts.
     *
     * @param expert what it is called, for messages
     */
    record Tokens(String expert, List<int[]> positive, List<int[]> negative) {}

    /**
     * @param model what the user calls the model that reads the prompts
     * @param routed how many of the experts, from the first, compete with each other
     */
    PromptGates(
            String model,
            GateMode mode,
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            List<Tokens> experts,
            int routed,
            Rounding rounding) {
        this.model = model;
        this.mode = mode;
        this.shape = shape;
        this.tensors = tensors;
        this.experts = List.copyOf(experts);
        this.rounding = rounding;
        this.routed = routed;
    }

    /** The rows of one layer: a row for each expert. */
    float[][] rows(int layer) {
        float[][][] known = rows;
        if (known == null) {
            throw new IllegalStateException("the gates are not computed yet");
        }
        return known[mode == GateMode.CHEAP_EMBED ? 0 : layer];
    }

    @Override
    public String title() {
        return "gates from prompts";
    }

    @Override
    public void run(Context context) throws IOException {
        if (rows != null) {
            return;
        }
        boolean[][] zero = new boolean[layers()][experts.size()];
        float[][][] made =
                mode == GateMode.CHEAP_EMBED ? embedded(context, zero) : hidden(context, zero);
        take(made, zero, context);
    }

    private void take(float[][][] made, boolean[][] zero, Context context) {
        List<String> names = experts.stream().map(Tokens::expert).toList();
        new GateCheck(names, routed, mode).problems(made, zero).forEach(context::warn);
        vanished = zero;
        rows = made;
    }

    private int layers() {
        return mode == GateMode.CHEAP_EMBED ? 1 : shape.layers();
    }

    /** Rows of float32, each behind a byte that says whether it vanished. */
    @Override
    public byte[] save() {
        ByteBuffer bytes = ByteBuffer.allocate(savedBytes());
        for (int layer = 0; layer < layers(); layer++) {
            float[][] gates = rows(layer);
            for (int e = 0; e < gates.length; e++) {
                bytes.put((byte) (vanished[layer][e] ? 1 : 0));
                for (float value : gates[e]) {
                    bytes.putFloat(value);
                }
            }
        }
        return bytes.array();
    }

    @Override
    public boolean restore(byte[] saved, Context context) {
        if (saved.length != savedBytes()) {
            return false;
        }
        float[][][] restored = new float[layers()][experts.size()][shape.hidden()];
        boolean[][] zero = new boolean[layers()][experts.size()];
        ByteBuffer bytes = ByteBuffer.wrap(saved);
        for (int layer = 0; layer < restored.length; layer++) {
            for (int e = 0; e < zero[layer].length; e++) {
                zero[layer][e] = bytes.get() != 0;
                for (int i = 0; i < shape.hidden(); i++) {
                    restored[layer][e][i] = bytes.getFloat();
                }
            }
        }
        take(restored, zero, context);
        return true;
    }

    private int savedBytes() {
        return Math.toIntExact(resultBytes() + (long) layers() * experts.size());
    }

    @Override
    public long resultBytes() {
        return (long) Float.BYTES * layers() * experts.size() * shape.hidden();
    }

    @Override
    public long bytesHeld(int threads) {
        if (mode == GateMode.CHEAP_EMBED) {
            return (long) Float.BYTES * 4 * shape.hidden();
        }
        long sums = 2L * Double.BYTES * layers() * experts.size() * shape.hidden();
        long tokens =
                groups(allPrompts()).stream()
                        .mapToLong(g -> g.stream().mapToLong(p -> p.tokens().length).sum())
                        .max()
                        .orElse(0);
        TensorSource up = tensors.get("model.layers.0.mlp.up_proj.weight");
        long inner = up == null ? 0 : up.info().shape().dim(0);
        return sums + LlamaForward.bytesHeld(shape, tokens, inner);
    }

    /** The model's layers but the last, once for each group of prompts. */
    @Override
    public long inputBytes() {
        if (mode == GateMode.CHEAP_EMBED) {
            return 0;
        }
        long once = 0;
        for (int layer = 0; layer < shape.layers(); layer++) {
            once += storedBytes(layer);
        }
        return once * groups(allPrompts()).size();
    }

    /** Bytes read up to the input of a layer, without those of earlier layers. */
    private long storedBytes(int layer) {
        String before = layer == 0 ? "model.embed_tokens." : "model.layers." + (layer - 1) + ".";
        return tensors.entrySet().stream()
                .filter(tensor -> tensor.getKey().startsWith(before))
                .mapToLong(tensor -> tensor.getValue().storedBytes())
                .sum();
    }

    /** The model, and a digest of the tokens it reads. */
    @Override
    public String identity() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Tokens expert : experts) {
                digest.update("expert".getBytes(StandardCharsets.UTF_8));
                update(digest, "+", expert.positive());
                update(digest, "-", expert.negative());
            }
            String name = mode.name().toLowerCase(Locale.ROOT);
            return name
                    + " gates of "
                    + model
                    + " "
                    + HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void update(MessageDigest digest, String sign, List<int[]> prompts) {
        for (int[] prompt : prompts) {
            ByteBuffer bytes = ByteBuffer.allocate(prompt.length * Integer.BYTES);
            bytes.asIntBuffer().put(prompt);
            digest.update(sign.getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
    }

    /** Sums of embeddings, each of length 1 before they are subtracted. */
    private float[][][] embedded(Context context, boolean[][] zero) throws IOException {
        TensorSource embedding = tensors.get("model.embed_tokens.weight");
        Workspace reader = context.workspace();
        float[][] gates = new float[experts.size()][];
        for (int e = 0; e < gates.length; e++) {
            float[] gate = sum(embedding, experts.get(e).positive(), reader);
            zero[0][e] = length(gate) < LEAST;
            normalise(gate, Rounding.NONE);
            if (!experts.get(e).negative().isEmpty()) {
                float[] against = sum(embedding, experts.get(e).negative(), reader);
                normalise(against, Rounding.NONE);
                for (int i = 0; i < gate.length; i++) {
                    gate[i] -= against[i];
                }
                zero[0][e] |= length(gate) < GateCheck.NOTHING;
                normalise(gate, Rounding.NONE);
            }
            gates[e] = gate;
        }
        return new float[][][] {gates};
    }

    private float[] sum(@Nullable TensorSource embedding, List<int[]> prompts, Workspace reader)
            throws IOException {
        if (embedding == null) {
            throw new IllegalStateException("checked when planned");
        }
        double[] sum = new double[shape.hidden()];
        float[] row = new float[shape.hidden()];
        for (int[] prompt : prompts) {
            for (int token : prompt) {
                Weights.read(
                        embedding,
                        (long) token * row.length,
                        row,
                        row.length,
                        Rounding.NONE,
                        reader);
                for (int i = 0; i < row.length; i++) {
                    sum[i] += row[i];
                }
            }
        }
        float[] result = new float[sum.length];
        for (int i = 0; i < sum.length; i++) {
            result[i] = (float) sum[i];
        }
        return result;
    }

    /** A prompt with the sums its states belong to, one for each layer. */
    private record Prompt(int[] tokens, double[][] sums) {}

    private float[][][] hidden(Context context, boolean[][] zero) throws IOException {
        int layers = shape.layers();
        double[][][] positive = new double[experts.size()][layers][shape.hidden()];
        double[][][] negative = new double[experts.size()][layers][shape.hidden()];
        List<Prompt> prompts = prompts(positive, negative);
        LlamaForward forward =
                LlamaForward.holdingLittle(
                        shape, tensors, new RowArithmetic(rounding, context), context);
        List<List<Prompt>> groups = groups(prompts);
        for (int g = 0; g < groups.size(); g++) {
            List<Prompt> group = groups.get(g);
            int before = g * (layers - 1);
            int all = groups.size() * (layers - 1);
            forward.run(
                    group.stream().map(Prompt::tokens).toList(),
                    layers - 1,
                    (layer, states) -> {
                        context.progressed(before + layer, all);
                        add(states, group, layer);
                    });
        }
        float[][][] gates = new float[layers][experts.size()][];
        for (int layer = 0; layer < layers; layer++) {
            for (int e = 0; e < experts.size(); e++) {
                Tokens expert = experts.get(e);
                float[] gate = mean(positive[e][layer], expert.positive().size());
                double least = Math.max(LEAST, length(gate) * GateCheck.NOTHING);
                if (!expert.negative().isEmpty()) {
                    float[] against = mean(negative[e][layer], expert.negative().size());
                    for (int i = 0; i < gate.length; i++) {
                        gate[i] = rounding.round(gate[i] - against[i]);
                    }
                }
                zero[layer][e] = length(gate) < least;
                normalise(gate, rounding);
                gates[layer][e] = gate;
            }
        }
        return gates;
    }

    private List<Prompt> allPrompts() {
        return prompts(new double[0][][], new double[0][][]);
    }

    /** All prompts with the sums of their experts; without sums where there are none. */
    private List<Prompt> prompts(double[][][] positive, double[][][] negative) {
        List<Prompt> prompts = new ArrayList<>();
        for (int e = 0; e < experts.size(); e++) {
            double[][] towards = e < positive.length ? positive[e] : new double[0][];
            double[][] against = e < negative.length ? negative[e] : new double[0][];
            experts.get(e).positive().forEach(p -> prompts.add(new Prompt(p, towards)));
            experts.get(e).negative().forEach(p -> prompts.add(new Prompt(p, against)));
        }
        return prompts;
    }

    /** Prompts that run together: the model is read once for each group. */
    private List<List<Prompt>> groups(List<Prompt> prompts) {
        List<List<Prompt>> groups = new ArrayList<>();
        long held = HELD;
        for (Prompt prompt : prompts) {
            long elements = (long) prompt.tokens().length * shape.hidden();
            if (held + elements > HELD) {
                groups.add(new ArrayList<>());
                held = 0;
            }
            groups.get(groups.size() - 1).add(prompt);
            held += elements;
        }
        return groups;
    }

    /** Adds each prompt's last state, or the mean of its states, to its sums. */
    private void add(float[] states, List<Prompt> prompts, int layer) {
        int width = shape.hidden();
        int at = 0;
        for (Prompt prompt : prompts) {
            int length = prompt.tokens().length;
            int first = mode == GateMode.HIDDEN_AVG ? 0 : length - 1;
            double[] sum = prompt.sums()[layer];
            for (int t = first; t < length; t++) {
                for (int i = 0; i < width; i++) {
                    sum[i] += (double) states[(at + t) * width + i] / (length - first);
                }
            }
            at += length;
        }
    }

    private float[] mean(double[] sum, int prompts) {
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = rounding.round((float) (sum[i] / prompts));
        }
        return mean;
    }

    private static double length(float[] x) {
        double squares = 0;
        for (float value : x) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares);
    }

    private static void normalise(float[] x, Rounding rounding) {
        float length = rounding.round(Math.max((float) length(x), LEAST));
        for (int i = 0; i < x.length; i++) {
            x[i] = rounding.round(x[i] / length);
        }
    }
}
