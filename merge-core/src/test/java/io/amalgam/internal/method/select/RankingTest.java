package io.amalgam.internal.method.select;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.engine.InMemory;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.method.builtin.Data;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Order statistics of numbers made of several inputs. */
class RankingTest {
    static final int[] SIZES = Data.SIZES;

    /** The product of two inputs; a third is not looked at. */
    private record Product(int a, int b) implements Ranking {
        @Override
        public List<Integer> inputs() {
            return List.of(a, b);
        }

        @Override
        public void values(Block in, float[] dst) {
            for (int i = 0; i < in.length(); i++) {
                dst[i] = in.input(a)[i] * in.input(b)[i];
            }
        }
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void quantilesAreThoseOfASort(int n) {
        float[] a = Data.normal(n, 1);
        float[] b = Data.normal(n, 2);
        check(a, b, ScalarKernels.INSTANCE);
        check(Data.bf16(a), ones(n), ScalarKernels.INSTANCE);
    }

    @Test
    void chosenKernelsFindTheSame() {
        Kernels chosen = KernelProvider.choose(KernelProvider.Choice.AUTO).kernels();
        check(Data.normal(300_001, 1), Data.normal(300_001, 2), chosen);
        check(Data.bf16(Data.normal(300_001, 1)), ones(300_001), chosen);
    }

    @Test
    void manyEqualNumbersAreOneThreshold() {
        int n = 200_000;
        float[] a = new float[n];
        for (int i = 0; i < n; i++) {
            a[i] = i % 3 - 1;
        }
        check(a, ones(n), ScalarKernels.INSTANCE);
    }

    private static void check(float[] a, float[] b, Kernels kernels) {
        int n = a.length;
        Ranking ranking = new Product(2, 1);
        float[] sorted = new float[n];
        for (int i = 0; i < n; i++) {
            sorted[i] = Math.abs(a[i] * b[i]);
        }
        Arrays.sort(sorted);
        List<Integer> ranks = List.of(1, (n + 3) / 4, (n + 1) / 2, n);
        List<Float> thresholds = new ArrayList<>();
        List<MagnitudeCut> cuts = new ArrayList<>();
        TopMagnitudes search = new TopMagnitudes(n);
        for (int rank : ranks) {
            search.addThreshold(ranking, rank, thresholds::add);
            search.add(ranking, rank, cuts::add);
        }
        float[] unread = new float[n];
        Arrays.fill(unread, Float.NaN);
        TensorStep first = search.then(() -> new TensorStep.Copy(0));
        InMemory.run(first, List.of(unread, b, a), kernels);

        List<Float> expected = ranks.stream().map(rank -> sorted[n - rank]).toList();
        assertThat(thresholds).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(cuts.stream().map(cut -> Float.intBitsToFloat(cut.bits())))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1f);
        return ones;
    }
}
