package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.lora.AdapterReads;
import io.amalgam.internal.lora.FactorPair;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.tensor.Decimals;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A base tensor plus low-rank changes, made as it is read: {@code W + sum of w s B A}. Elements are
 * float32 and not rounded to the base's type.
 */
final class LoraTensor implements TensorSource {
    /**
     * A cache line more than a row needs: rows of a power of two would all share few places of the
     * first cache.
     */
    static final int PAD = 16;

    private final TensorSource base;
    private final TensorInfo info;
    private final List<Term> terms;
    private final FactorCache cache;

    /**
     * One adapter's part.
     *
     * @param rest whether only what its start took out of the base counts, for a tensor that is
     *     tied to the module's
     */
    record Term(LoraModule module, double weight, String adapter, boolean rest) {
        Term(LoraModule module, double weight, String adapter) {
            this(module, weight, adapter, false);
        }

        /** What becomes of a tensor that shares the module's weight. */
        Term restOnly() {
            return new Term(module, weight, adapter, true);
        }

        boolean started() {
            return module.start() != LoraModule.Start.NOTHING;
        }

        boolean normed() {
            return !rest && module.magnitude().isPresent();
        }

        String identity() {
            String flags =
                    (module.kind().flipped() ? ", transposed" : "")
                            + (started()
                                    ? ", " + module.start().name().toLowerCase(Locale.ROOT)
                                    : "")
                            + (rest ? ", without its factors" : "")
                            + (normed() ? ", dora" : "");
            return Decimals.text(weight)
                    + " * "
                    + adapter
                    + ':'
                    + module.name()
                    + " (rank "
                    + module.rank()
                    + ", scale "
                    + module.scale()
                    + flags
                    + ")";
        }
    }

    /**
     * @param info the base's, or with another name where it is tied
     */
    LoraTensor(TensorSource base, TensorInfo info, List<Term> terms, FactorCache cache) {
        this.base = base;
        this.info = info;
        this.terms = List.copyOf(terms);
        this.cache = cache;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        // First: decoding the factors takes the workspace's buffers.
        RowUpdate change = cache.get(this, workspace);
        base.read(from, count, dst, at, workspace);
        change.apply(workspace, from, count, dst, at);
        return false;
    }

    @Override
    public long storedBytes() {
        long sum = base.storedBytes();
        for (Term term : terms) {
            sum += term.module.a().storedBytes() + term.module.b().storedBytes();
            sum += term.normed() ? base.storedBytes() : 0;
            sum += term.started() ? base.storedBytes() : 0;
        }
        return sum;
    }

    @Override
    public Optional<Problem> damagedPart() throws IOException {
        for (Term term : terms) {
            Optional<Problem> found = AdapterReads.damaged(term.adapter, term.module.tensors());
            if (found.isPresent()) {
                return found;
            }
        }
        return base.damagedPart();
    }

    @Override
    public String identity() {
        StringBuilder text = new StringBuilder(base.identity());
        terms.forEach(term -> text.append(" + ").append(term.identity()));
        return text.toString();
    }

    /** Bytes of its decoded factors. */
    long factorBytes() {
        long cols = cols();
        long rows = info.elements() / cols;
        long numbers = 0;
        for (Term term : terms) {
            long factors = term.module.rank() * (rows + cols + PAD);
            numbers += term.started() ? 2 * factors : factors;
            numbers += term.normed() ? Math.max(rows, cols) : 0;
        }
        return numbers * Float.BYTES;
    }

    /** Bytes held while a base is decomposed, for adapters trained over a part of it. */
    long residualBytes() {
        long rows = info.shape().dim(0);
        return terms.stream()
                .filter(Term::started)
                .mapToLong(term -> Residual.bytes(rows, cols(), term.module.rank()))
                .max()
                .orElse(0);
    }

    private static boolean alone(Term term) {
        return term.started() || term.normed();
    }

    private int cols() {
        return Math.toIntExact(info.elements() / info.shape().dim(0));
    }

    /** Reads the factors; for DoRA's norms the base too, and for what it was trained over. */
    RowUpdate load(Workspace workspace) throws IOException {
        List<Term> plain = terms.stream().filter(t -> !alone(t)).toList();
        List<RowUpdate.Alone> alone = new ArrayList<>();
        for (Term term : terms) {
            if (!alone(term)) {
                continue;
            }
            LoraModule module = term.module;
            List<Term> own = term.rest ? List.of() : List.of(new Term(module, 1, term.adapter));
            FactorPair delta = factors(own, workspace);
            Residual residual = Residual.of(base, module, workspace);
            RowUpdate.Norms norms =
                    term.normed() ? DoraNorm.of(base, module, delta, residual, workspace) : null;
            alone.add(new RowUpdate.Alone(delta, term.weight, residual, norms));
        }
        return new RowUpdate(factors(plain, workspace), alone);
    }

    /** A term's factors as stored, and what they are multiplied by. */
    private record Decoded(float[] a, float[] b, boolean flipped, int rank, double factor) {
        boolean sameProduct(Decoded other) {
            return flipped == other.flipped
                    && Arrays.equals(a, other.a)
                    && Arrays.equals(b, other.b);
        }
    }

    /** All terms side by side; of equal ones the sum of weights, so that 1 and -1 are nothing. */
    private FactorPair factors(List<Term> summed, Workspace workspace) throws IOException {
        List<Decoded> parts = new ArrayList<>();
        for (Term term : summed) {
            LoraModule module = term.module;
            Decoded part =
                    new Decoded(
                            TensorReads.of(module.a(), workspace),
                            TensorReads.of(module.b(), workspace),
                            module.kind().flipped(),
                            module.rank(),
                            term.weight * module.scale());
            int same = 0;
            while (same < parts.size() && !parts.get(same).sameProduct(part)) {
                same++;
            }
            if (same == parts.size()) {
                parts.add(part);
            } else {
                double factor = parts.get(same).factor + part.factor;
                parts.set(same, new Decoded(part.a, part.b, part.flipped, part.rank, factor));
            }
        }
        int cols = cols();
        int rows = Math.toIntExact(info.shape().dim(0));
        int rank = parts.stream().mapToInt(Decoded::rank).sum();
        float[] left = new float[Math.multiplyExact(rows, rank)];
        float[][] right = new float[rank][cols + PAD];
        int from = 0;
        for (Decoded part : parts) {
            int r = part.rank;
            float[] tall = part.flipped ? transposed(part.a, r, rows) : part.b;
            for (int i = 0; i < rows; i++) {
                scale(tall, i * r, r, part.factor, left, i * rank + from);
            }
            float[] wide = part.flipped ? transposed(part.b, cols, r) : part.a;
            for (int k = 0; k < r; k++) {
                System.arraycopy(wide, k * cols, right[from + k], 0, cols);
            }
            from += r;
        }
        return new FactorPair(rank, cols, left, right);
    }

    private static void scale(float[] x, int at, int n, double factor, float[] to, int toAt) {
        for (int k = 0; k < n; k++) {
            to[toAt + k] = (float) (factor * x[at + k]);
        }
    }

    private static float[] transposed(float[] x, int rows, int cols) {
        float[] flipped = new float[x.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                flipped[j * rows + i] = x[i * cols + j];
            }
        }
        return flipped;
    }
}
