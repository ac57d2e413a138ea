package io.amalgam.internal.evaluate;

import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.forward.LlamaModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.function.ToIntFunction;

/** Windows of tokens, as many at a time as fit the memory. */
final class Windows {
    /** No array of a batch has more elements. */
    private static final long LARGEST = 1L << 30;

    private Windows() {}

    /**
     * Checks that texts are long enough, and of tokens that the model has.
     *
     * @throws BadInputException with a line for each that is not
     */
    static void check(LlamaModel model, List<Domain> domains) {
        List<Problem> problems = new ArrayList<>();
        for (Domain domain : domains) {
            if (domain.tokens().length < 2) {
                problems.add(
                        Problem.expected(
                                        "tokens of '" + domain.name() + "'",
                                        "at least 2",
                                        domain.tokens().length)
                                .hint("the first predicts the second"));
            }
            for (int token : domain.tokens()) {
                if (token < 0 || token >= model.vocabulary()) {
                    problems.add(
                            Problem.expected(
                                            "tokens of '" + domain.name() + "'",
                                            "numbers from 0 to "
                                                    + (model.vocabulary() - 1)
                                                    + ", the rows of the embedding of '"
                                                    + model.name()
                                                    + "'",
                                            token)
                                    .hint("they were made by another model's tokenizer"));
                    break;
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /**
     * Batches of whole windows, in order.
     *
     * @param length tokens of a window
     * @param bytesHeld memory for so many tokens at a time, in bytes; grows evenly
     * @throws BadInputException if not even the longest fits
     */
    static <T> List<List<T>> batches(
            List<T> windows,
            ToIntFunction<T> length,
            LlamaModel model,
            EngineOptions options,
            LongUnaryOperator bytesHeld) {
        int longest = windows.stream().mapToInt(length).max().orElse(2);
        long tokens = tokensAtOnce(model, options, longest, bytesHeld);
        List<List<T>> batches = new ArrayList<>();
        long held = tokens;
        for (T window : windows) {
            if (held + length.applyAsInt(window) > tokens) {
                batches.add(new ArrayList<>());
                held = 0;
            }
            batches.get(batches.size() - 1).add(window);
            held += length.applyAsInt(window);
        }
        return batches;
    }

    /** How many tokens go through the model at a time. */
    private static long tokensAtOnce(
            LlamaModel model, EngineOptions options, int longest, LongUnaryOperator bytesHeld) {
        long few = bytesHeld.applyAsLong(longest);
        if (few > options.memory()) {
            throw new BadInputException(
                    Problem.expected(
                                    "memory for a window of " + longest + " tokens",
                                    "at least " + few + " bytes",
                                    options.memory())
                            .hint(
                                    "raise EngineOptions.memory, or take shorter windows: Evaluation.context"));
        }
        long each = Math.max(1, bytesHeld.applyAsLong(2L * longest) - few) / longest;
        long more = (options.memory() - few) / Math.max(1, each);
        long wide = Math.max(model.inner(), (long) model.shape().heads() * model.shape().headDim());
        return Math.min(
                longest + more,
                Math.max(longest, LARGEST / Math.max(wide, model.shape().hidden())));
    }
}
