package io.amalgam.internal.evaluate;

/**
 * How well the tokens of a domain are predicted.
 *
 * @param tokens predicted: all but each window's first
 * @param sum of negative natural logarithms of their probabilities
 */
public record Loss(String domain, long tokens, int windows, double sum) {
    /** Nats for each predicted token. */
    public double mean() {
        return sum / tokens;
    }

    public double perplexity() {
        return Math.exp(mean());
    }
}
