package io.amalgam.internal.method.common;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.TensorCall;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Numbers the models of all tensors: by name, and by occurrence if a tensor uses one model twice.
 * Bases have no number.
 *
 * @param count how many there are
 * @param of the number of each tensor's each input; -1 for what is not a model to merge
 */
public record ModelIndex(int count, int[][] of) {
    private record Key(String model, int occurrence) {}

    public static ModelIndex of(List<TensorCall> calls) {
        Map<Key, Integer> numbers = new HashMap<>();
        int[][] of = new int[calls.size()][];
        for (int t = 0; t < of.length; t++) {
            TensorCall call = calls.get(t);
            Map<String, Integer> occurrences = new HashMap<>();
            of[t] = new int[call.inputs().size()];
            for (int i = 0; i < of[t].length; i++) {
                String model = call.inputs().get(i).model();
                Key key = new Key(model, occurrences.merge(model, 1, Integer::sum));
                boolean numbered = call.inputs().get(i).role() == TensorCall.Role.MODEL;
                of[t][i] = numbered ? number(numbers, key) : -1;
            }
        }
        return new ModelIndex(numbers.size(), of);
    }

    private static int number(Map<Key, Integer> numbers, Key key) {
        Integer number = numbers.putIfAbsent(key, numbers.size());
        return number == null ? numbers.size() - 1 : number;
    }

    /** The input of a tensor that belongs to a model; -1 if the tensor has none of it. */
    public int input(int tensor, int model) {
        for (int i = 0; i < of[tensor].length; i++) {
            if (of[tensor][i] == model) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Requires that every tensor is made of the same models in the same order.
     *
     * @throws BadInputException if one is not
     */
    public static void requireSame(List<TensorCall> calls, String method) {
        List<String> first = models(calls.get(0));
        for (TensorCall call : calls) {
            if (!models(call).equals(first)) {
                throw new BadInputException(
                        Problem.expected(
                                        "models of tensor '" + call.output().name() + "'",
                                        first + " as for every tensor",
                                        models(call))
                                .hint(
                                        "'"
                                                + method
                                                + "' judges whole models: leave out slices and TensorSet.UNION"));
            }
        }
    }

    /**
     * Requires that a shared parameter has one value for all tensors.
     *
     * @throws BadInputException if it has several
     */
    public static Object requireOne(List<TensorCall> calls, String parameter) {
        Object first = calls.get(0).shared().get(parameter);
        for (TensorCall call : calls) {
            Object other = call.shared().get(parameter);
            if (!java.util.Objects.equals(first, other)) {
                throw new BadInputException(
                        Problem.expected(
                                        "parameter '" + parameter + "'",
                                        "one value for the whole model",
                                        first
                                                + " and, for '"
                                                + call.output().name()
                                                + "', "
                                                + other)
                                .hint("give it without filters and gradients"));
            }
        }
        return java.util.Objects.requireNonNull(first);
    }

    private static List<String> models(TensorCall call) {
        return call.inputs().stream()
                .filter(input -> input.role().ofModel())
                .map(TensorCall.Input::model)
                .toList();
    }
}
