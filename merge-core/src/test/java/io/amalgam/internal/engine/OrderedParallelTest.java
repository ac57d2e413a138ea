package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderedParallelTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 100).boxed().toList();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 200})
    void resultsComeInTheItemsOrder(int threads) throws IOException {
        List<Integer> taken = new ArrayList<>();
        OrderedParallel.<Integer, Integer>run(ITEMS, threads, i -> i * i, taken::add);
        assertThat(taken).isEqualTo(ITEMS.stream().map(i -> i * i).toList());
    }

    @Test
    void nothingIsNoWork() throws IOException {
        List<Integer> taken = new ArrayList<>();
        OrderedParallel.<Integer, Integer>run(List.of(), 2, i -> i, taken::add);
        assertThat(taken).isEmpty();
    }

    @Test
    void aLaterItemIsWorkedOnWhileAnEarlierOneIs() throws IOException {
        CountDownLatch later = new CountDownLatch(1);
        List<Integer> taken = new ArrayList<>();
        OrderedParallel.<Integer, Integer>run(
                List.of(0, 1),
                2,
                i -> {
                    if (i == 1) {
                        later.countDown();
                    } else {
                        await(later);
                    }
                    return i;
                },
                taken::add);
        assertThat(taken).containsExactly(0, 1);
    }

    @Test
    void theFirstFailureInOrderIsThrownOnceNoWorkIsLeft() {
        CountDownLatch fifth = new CountDownLatch(1);
        AtomicInteger running = new AtomicInteger();
        List<Integer> taken = new ArrayList<>();
        OrderedParallel.Work<Integer, Integer> work =
                i -> {
                    running.incrementAndGet();
                    try {
                        if (i == 3) {
                            await(fifth);
                            throw new IOException("item 3");
                        }
                        if (i == 5) {
                            fifth.countDown();
                            throw new IllegalStateException("item 5");
                        }
                        return i;
                    } finally {
                        running.decrementAndGet();
                    }
                };
        assertThatThrownBy(() -> OrderedParallel.run(ITEMS, 3, work, taken::add))
                .isInstanceOf(IOException.class)
                .hasMessage("item 3");
        assertThat(taken).containsExactly(0, 1, 2);
        assertThat(running).hasValue(0);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
