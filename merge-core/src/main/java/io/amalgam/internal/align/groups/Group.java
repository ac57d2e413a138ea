package io.amalgam.internal.align.groups;

import java.util.ArrayList;
import java.util.List;

/** Units that move together, wherever they are in a model's tensors. */
public sealed interface Group {
    /** Its name in files and messages: {@code res}, {@code mlp3}, {@code fc1}. */
    String name();

    /** Everywhere it is. */
    List<Places> places();

    /**
     * Units without an inner order.
     *
     * @param size how many
     * @param incoming the weights, biases among them, that a unit is computed from; the others read
     *     it or scale it
     */
    record Units(String name, int size, List<Places> places, List<Places> incoming)
            implements Group {
        public Units {
            places = List.copyOf(places);
            incoming = List.copyOf(incoming);
        }
    }

    /**
     * The heads of an attention layer: groups with one key and value head each, and query heads in
     * them.
     *
     * @param groups key and value heads
     * @param queries query heads in each group
     * @param size units of a head
     * @param fixed whether heads have an identity (positions by slopes), so that only value units
     *     may move
     * @param turned whether query and key units have one: rotary positions, norms of a head
     * @param query rows of queries, with their biases
     * @param output columns of the output projection
     * @param perHead vectors with a number for each query head
     */
    record Heads(
            String name,
            int groups,
            int queries,
            int size,
            boolean fixed,
            boolean turned,
            List<Places> query,
            List<Places> key,
            List<Places> value,
            List<Places> output,
            List<Places> perHead)
            implements Group {
        public Heads {
            query = List.copyOf(query);
            key = List.copyOf(key);
            value = List.copyOf(value);
            output = List.copyOf(output);
            perHead = List.copyOf(perHead);
        }

        @Override
        public List<Places> places() {
            List<Places> all = new ArrayList<>(query);
            all.addAll(key);
            all.addAll(value);
            all.addAll(output);
            all.addAll(perHead);
            return all;
        }
    }
}
