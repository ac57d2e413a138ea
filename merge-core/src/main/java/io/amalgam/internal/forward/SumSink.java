package io.amalgam.internal.forward;

import java.io.IOException;

/** Takes sums over sequences, of tensors by name, in parts, from several threads. */
@FunctionalInterface
public interface SumSink {
    /**
     * @param from the first element
     * @param sums some elements, one after the other
     */
    void add(String tensor, long from, double[] sums) throws IOException;
}
