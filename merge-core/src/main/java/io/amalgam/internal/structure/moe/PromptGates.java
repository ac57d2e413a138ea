package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
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
 * Rows of routers made from prompts. Computed once, when the first row is asked for; held are
 * {@code layers x experts x width} numbers, and the activations of as many prompts as fit. Safe for
 * use by many threads, of which the first computes and those that wait for it help.
 */
final class PromptGates {
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
    private final GateListener listener;
    private volatile float @Nullable [][][] rows;
    private @Nullable Attempt attempt;

    /**
     * The tokens of an expert's prompts.
     *
     * @param expert what it is called, for messages
     */
    record Tokens(String expert, List<int[]> positive, List<int[]> negative) {}

    /** The one computation: where it fails, it does for all that ask for its result. */
    private static final class Attempt {
        final SharedRows shared = new SharedRows();
        @Nullable Exception failure;
    }

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
            Rounding rounding,
            GateListener listener) {
        this.model = model;
        this.mode = mode;
        this.shape = shape;
        this.tensors = tensors;
        this.experts = List.copyOf(experts);
        this.rounding = rounding;
        this.routed = routed;
        this.listener = listener;
    }

    /** The rows of one layer: a row for each expert. */
    float[][] rows(int layer, Workspace workspace) throws IOException {
        float[][][] known = rows;
        while (known == null) {
            take(workspace);
            known = rows;
        }
        return known[mode == GateMode.CHEAP_EMBED ? 0 : layer];
    }

    /** Computes the rows, or helps the thread that does. */
    private void take(Workspace workspace) throws IOException {
        Attempt current;
        boolean first;
        synchronized (this) {
            first = attempt == null;
            if (attempt == null) {
                attempt = new Attempt();
            }
            current = attempt;
        }
        if (first) {
            compute(current, workspace);
        } else {
            current.shared.help(workspace);
            synchronized (this) {
                SharedRows.rethrow(current.failure);
            }
        }
    }

    private void compute(Attempt own, Workspace workspace) throws IOException {
        boolean[][] vanished =
                new boolean[mode == GateMode.CHEAP_EMBED ? 1 : shape.layers()][experts.size()];
        try {
            float[][][] made =
                    mode == GateMode.CHEAP_EMBED
                            ? embedded(workspace, own.shared, vanished)
                            : hidden(workspace, own.shared, vanished);
            List<String> names = experts.stream().map(Tokens::expert).toList();
            List<Problem> problems = new GateCheck(names, routed, mode).problems(made, vanished);
            if (!problems.isEmpty()) {
                listener.warn(problems);
            }
            rows = made;
        } catch (IOException | RuntimeException e) {
            synchronized (this) {
                own.failure = e;
            }
            throw e;
        } finally {
            own.shared.end();
        }
    }

    /** What reading a layer's rows takes from storage, summed over layers: the model once. */
    long storedBytes(int layer) {
        if (mode == GateMode.CHEAP_EMBED) {
            return 0;
        }
        String before = layer == 0 ? "model.embed_tokens." : "model.layers." + (layer - 1) + ".";
        return tensors.entrySet().stream()
                .filter(tensor -> tensor.getKey().startsWith(before))
                .mapToLong(tensor -> tensor.getValue().storedBytes())
                .sum();
    }

    /** The model, and a digest of the tokens it reads. */
    String identity() {
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
    private float[][][] embedded(Workspace workspace, SharedRows shared, boolean[][] vanished)
            throws IOException {
        TensorSource embedding = tensors.get("model.embed_tokens.weight");
        MatrixProduct reader = new MatrixProduct(Rounding.NONE, workspace, listener::check, shared);
        float[][] gates = new float[experts.size()][];
        for (int e = 0; e < gates.length; e++) {
            float[] gate = sum(embedding, experts.get(e).positive(), reader);
            vanished[0][e] = length(gate) < LEAST;
            normalise(gate, Rounding.NONE);
            if (!experts.get(e).negative().isEmpty()) {
                float[] against = sum(embedding, experts.get(e).negative(), reader);
                normalise(against, Rounding.NONE);
                for (int i = 0; i < gate.length; i++) {
                    gate[i] -= against[i];
                }
                vanished[0][e] |= length(gate) < GateCheck.NOTHING;
                normalise(gate, Rounding.NONE);
            }
            gates[e] = gate;
        }
        return new float[][][] {gates};
    }

    private float[] sum(@Nullable TensorSource embedding, List<int[]> prompts, MatrixProduct reader)
            throws IOException {
        if (embedding == null) {
            throw new IllegalStateException("checked when planned");
        }
        double[] sum = new double[shape.hidden()];
        float[] row = new float[shape.hidden()];
        for (int[] prompt : prompts) {
            for (int token : prompt) {
                reader.read(embedding, (long) token * row.length, row, row.length);
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

    private float[][][] hidden(Workspace workspace, SharedRows shared, boolean[][] vanished)
            throws IOException {
        int layers = shape.layers();
        double[][][] positive = new double[experts.size()][layers][shape.hidden()];
        double[][][] negative = new double[experts.size()][layers][shape.hidden()];
        List<Prompt> prompts = new ArrayList<>();
        for (int e = 0; e < experts.size(); e++) {
            for (int[] prompt : experts.get(e).positive()) {
                prompts.add(new Prompt(prompt, positive[e]));
            }
            for (int[] prompt : experts.get(e).negative()) {
                prompts.add(new Prompt(prompt, negative[e]));
            }
        }
        LlamaForward forward = new LlamaForward(shape, tensors, rounding);
        List<List<Prompt>> groups = groups(prompts);
        for (int g = 0; g < groups.size(); g++) {
            List<Prompt> group = groups.get(g);
            int before = g * (layers - 1);
            int all = groups.size() * (layers - 1);
            forward.run(
                    group.stream().map(Prompt::tokens).toList(),
                    workspace,
                    listener::check,
                    shared,
                    (layer, states) -> {
                        listener.layers(before + layer, all);
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
                vanished[layer][e] = length(gate) < least;
                normalise(gate, rounding);
                gates[layer][e] = gate;
            }
        }
        return gates;
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
