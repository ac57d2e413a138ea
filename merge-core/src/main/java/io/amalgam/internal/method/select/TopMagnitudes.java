package io.amalgam.internal.method.select;

import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Finds exact top-k boundaries of magnitudes, without sorting and in fixed memory: of |x - base|
 * for several inputs of one tensor, or of any other {@link Ranking} of its elements.
 *
 * <p>Magnitudes order as their bit patterns do, so a boundary is found among ints. A sample gives a
 * narrow bracket around each boundary, and the values that are frequent in it (differences of
 * 16-bit numbers take few values). One pass counts what lies above the bracket, lists what lies
 * inside, and counts the frequent values block by block. With the boundary known, the blocks say
 * where keeping ends, and reading one block says at which index. Where the sample misled, or the
 * list grew too long, the search goes on in another or a smaller bracket with another pass: at most
 * a few times. Small tensors are read once and sorted.
 */
public final class TopMagnitudes {
    /** Tensors up to this many elements are held and sorted. */
    static final int SMALL = 1 << 16;

    private static final int CHUNKS = 128;
    private static final int CHUNK = 256;

    /** Share of the sample from which on a value is worth counting apart. */
    private static final double FREQUENT = 0.002;

    private final long elements;
    private final List<MagnitudeSearch> searches = new ArrayList<>();
    private BlockSums beside = BlockSums.NONE;

    /** Sums in float64 over all blocks, in any order: for bounds. */
    public interface BlockSums {
        /** Nothing to sum. */
        BlockSums NONE = (in, lanes) -> {};

        /** Adds a block's elements to {@link Kernels#LANES} lanes. */
        public void add(Block in, double[] lanes);
    }

    public TopMagnitudes(long elements) {
        this.elements = elements;
    }

    /** Asks for the boundary of the {@code k} largest magnitudes, 1 to the number of elements. */
    public void add(Ranking ranking, long k, Consumer<MagnitudeCut> found) {
        searches.add(MagnitudeSearch.ofLargest(ranking, k, true, found));
    }

    /**
     * Asks for the {@code k}-th largest magnitude alone: of elements that equal it, none is looked
     * for.
     */
    public void addThreshold(Ranking ranking, long k, Consumer<Float> found) {
        Consumer<MagnitudeCut> value = cut -> found.accept(Float.intBitsToFloat(cut.bits()));
        searches.add(MagnitudeSearch.ofLargest(ranking, k, false, value));
    }

    /**
     * Asks for the boundary of the {@code trunc(share * those)} largest magnitudes of those that
     * are not 0, the product in float32; if that is none, {@link MagnitudeCut#NOTHING}.
     */
    public void addShareOfNonzero(Ranking ranking, float share, Consumer<MagnitudeCut> found) {
        searches.add(MagnitudeSearch.ofShare(ranking, share, found));
    }

    /** Has sums made in the same passes. */
    public TensorStep then(BlockSums sums, Function<double[], TensorStep> next) {
        beside = sums;
        double[] lanes = new double[Kernels.LANES];
        return then(lanes, () -> next.apply(lanes));
    }

    /** The stages of the search, then what {@code next} gives once all boundaries are known. */
    public TensorStep then(Supplier<TensorStep> next) {
        return then(new double[Kernels.LANES], next);
    }

    private TensorStep then(double[] lanes, Supplier<TensorStep> next) {
        if (searches.isEmpty() || elements == 0) {
            return next.get();
        }
        TensorStep.Sample sampled = reader -> sampled(reader, lanes, next);
        return elements <= SMALL ? sorted(lanes, next) : sampled;
    }

    private TensorStep.Sample sorted(double[] lanes, Supplier<TensorStep> next) {
        return reader -> {
            int n = (int) elements;
            int[] bits = new int[n];
            Block all = block(searches, n);
            read(reader, searches, all, 0);
            beside.add(all, lanes);
            for (MagnitudeSearch asked : searches) {
                magnitudes(asked, all, bits, 0);
                MagnitudeSearch search = asked.of(Arrays.stream(bits).filter(b -> b != 0).count());
                if (search.nothing()) {
                    continue;
                }
                int[] ordered = bits.clone();
                Arrays.sort(ordered);
                int threshold = ordered[n - (int) search.k()];
                long above = 0;
                for (int value : bits) {
                    above += value > threshold ? 1 : 0;
                }
                search.found()
                        .accept(
                                new MagnitudeCut(
                                        threshold,
                                        indexAfter(bits, threshold, search.k() - above)));
            }
            return next.get();
        };
    }

    /** The index after the {@code wanted}-th element that equals a threshold. */
    static int indexAfter(int[] bits, int threshold, long wanted) {
        int index = 0;
        for (long left = wanted; left > 0; index++) {
            left -= bits[index] == threshold ? 1 : 0;
        }
        return index;
    }

    private TensorStep sampled(TensorStep.Reader reader, double[] lanes, Supplier<TensorStep> next)
            throws IOException {
        int[][] samples = new int[searches.size()][CHUNKS * CHUNK];
        Block block = block(searches, CHUNK);
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            read(reader, searches, block, (elements - CHUNK) / (CHUNKS - 1) * chunk);
            for (int s = 0; s < samples.length; s++) {
                magnitudes(searches.get(s), block, samples[s], chunk * CHUNK);
            }
        }
        List<MagnitudeSearch> begun = new ArrayList<>();
        for (int s = 0; s < samples.length; s++) {
            begun.add(begin(searches.get(s), elements, samples[s]));
        }
        return new BracketPass(elements, begun, beside, lanes, next);
    }

    private static MagnitudeSearch begin(MagnitudeSearch search, long elements, int[] sample) {
        double share = share(search, elements, sample);
        double rank = sample.length * (1 - share);
        double margin = 16 + 3 * Math.sqrt(sample.length * share * (1 - share));
        if (search.k() == MagnitudeSearch.UNKNOWN) {
            // How many there are is an estimate too.
            margin *= 1.5;
        }
        int low = (int) Math.floor(rank - margin);
        int high = (int) Math.ceil(rank + margin);
        int from = Math.max(0, low);
        int to = Math.min(sample.length, high + 1);
        PartialSort.sort(sample, from, to);
        MagnitudeSearch bracketed =
                search.within(
                        low < 0 ? 0 : sample[low],
                        high >= sample.length ? MagnitudeSearch.LARGEST : sample[high]);
        return bracketed.with(frequent(sample, from, to));
    }

    private static double share(MagnitudeSearch search, long elements, int[] sample) {
        if (search.k() != MagnitudeSearch.UNKNOWN) {
            return (double) search.k() / elements;
        }
        long nonzero = Arrays.stream(sample).filter(bits -> bits != 0).count();
        return search.share() * nonzero / sample.length;
    }

    /**
     * The most frequent values among those at {@code from .. to-1} of a sample that is in order
     * there, with nothing larger before and nothing smaller after.
     */
    private static int[] frequent(int[] sample, int from, int to) {
        List<int[]> runs = new ArrayList<>();
        int i = from;
        while (i < to) {
            int begin = i;
            while (i < to && sample[i] == sample[begin]) {
                i++;
            }
            int count = i - begin;
            if (begin == from || i == to) {
                // Values at the ends may also be beyond them.
                count = 0;
                for (int value : sample) {
                    count += value == sample[begin] ? 1 : 0;
                }
            }
            if (count >= sample.length * FREQUENT) {
                runs.add(new int[] {sample[begin], count});
            }
        }
        runs.sort(Comparator.comparingInt((int[] run) -> -run[1]));
        return runs.stream().limit(Kernels.PIVOTS).mapToInt(run -> run[0]).toArray();
    }

    /** A block of that many elements of the inputs the searches look at. */
    static Block block(List<MagnitudeSearch> searches, int elements) {
        int inputs = 0;
        for (MagnitudeSearch search : searches) {
            for (int input : search.ranking().inputs()) {
                inputs = Math.max(inputs, input + 1);
            }
        }
        return new Block(ScalarKernels.INSTANCE, inputs, elements);
    }

    /** Fills a block. */
    static void read(
            TensorStep.Reader reader, List<MagnitudeSearch> searches, Block block, long from)
            throws IOException {
        int n = block.capacity();
        block.moveTo(from, n);
        for (int input = 0; input < block.inputs().length; input++) {
            if (looksAt(searches, input)) {
                for (int done = 0; done < n; done += reader.capacity()) {
                    int count = Math.min(reader.capacity(), n - done);
                    reader.read(input, from + done, count, block.input(input), done);
                }
            }
        }
    }

    static boolean looksAt(List<MagnitudeSearch> searches, int input) {
        return searches.stream().anyMatch(search -> search.ranking().inputs().contains(input));
    }

    static void magnitudes(MagnitudeSearch search, Block block, int[] bits, int at) {
        float[] values = block.scratch(0);
        search.ranking().values(block, values);
        for (int i = 0; i < block.length(); i++) {
            bits[at + i] = Float.floatToRawIntBits(values[i]) & MagnitudeSearch.LARGEST;
        }
    }
}
