package io.amalgam.internal.formats.pytorch;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.pytorch.Pickle.Dict;
import io.amalgam.internal.formats.pytorch.Pickle.Known;
import io.amalgam.internal.formats.pytorch.Pickle.Storage;
import io.amalgam.internal.formats.pytorch.Pickle.Tuple;
import io.amalgam.internal.formats.pytorch.Pickle.View;
import io.amalgam.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What Python would make by the calls in a pickle: tensors, from storages and their views. Nothing
 * is called; a name stands for what is made here.
 */
final class PickleCalls {
    /** torch's own limit; without one, a shape kept once and used often fills the heap. */
    private static final int MOST_DIMENSIONS = 64;

    private final Function<String, BadInputException> bad;

    /**
     * @param bad says what is wrong, and where in the pickle
     */
    PickleCalls(Function<String, BadInputException> bad) {
        this.bad = bad;
    }

    /** One of the few names that tensors need. */
    static Known known(String module, String name) {
        String text = module + "." + name;
        for (Known known : Known.values()) {
            if (known.text().equals(text)) {
                return known;
            }
        }
        throw new BadInputException(
                Problem.of("the pickle names '" + shown(text) + "', which no tensor needs")
                        .hint(
                                "it was not run; use safetensors, or save only the model's state_dict"));
    }

    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(200)
                .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return shown.toString();
    }

    /** {@code ('storage', type, key, location, elements)}. */
    Storage storage(Object id) {
        if (id instanceof Tuple tuple
                && tuple.items().size() == 5
                && tuple.items().get(0).equals("storage")
                && tuple.items().get(1) instanceof Known type
                && type.text().endsWith("Storage")
                && tuple.items().get(2) instanceof String key
                && tuple.items().get(4) instanceof Long elements
                && elements >= 0) {
            return new Storage(type.type().orElseThrow(), key, elements);
        }
        throw bad.apply("it refers to something outside of it that is no storage");
    }

    Object call(Object callable, Object arguments) {
        if (callable instanceof Known known && arguments instanceof Tuple tuple) {
            return call(known, tuple.items());
        }
        throw bad.apply("it calls something that is no function");
    }

    /** What Python would have made by a call. */
    private Object call(Known known, List<Object> items) {
        switch (known) {
            case ORDERED_DICT -> {
                if (items.isEmpty()) {
                    return new Dict(new LinkedHashMap<>());
                }
            }
            case TENSOR -> {
                if (items.size() == 6 || items.size() == 7) {
                    plain(items, 6);
                    return view(items, null);
                }
            }
            case TENSOR_OF_TYPE -> {
                if (items.size() >= 7
                        && items.get(6) instanceof Known type
                        && type.type().isPresent()) {
                    plain(items, 7);
                    return view(items, type.type().orElseThrow());
                }
            }
            case PARAMETER -> {
                if (items.size() == 3 && items.get(0) instanceof View view) {
                    return view;
                }
            }
            default -> {}
        }
        throw bad.apply("it calls '" + known.text() + "' with other values than a tensor's");
    }

    /**
     * The last argument says what is to be done to the stored values as they are read: {@code neg}
     * for a tensor that torch keeps as the negative of its storage.
     */
    private static void plain(List<Object> items, int at) {
        if (items.size() > at && items.get(at) instanceof Dict dict && !dict.entries().isEmpty()) {
            throw new BadInputException(
                    Problem.expected(
                                    "tensor",
                                    "the values of its storage",
                                    "others ('"
                                            + shown(dict.entries().keySet().iterator().next() + "")
                                            + "')")
                            .hint("call resolve_neg() on it and save the model again"));
        }
    }

    /** {@code (storage, offset, size, strides, requires_grad, hooks)}, and what follows. */
    private View view(List<Object> items, @Nullable DType type) {
        if (items.get(0) instanceof Storage storage
                && items.get(1) instanceof Long offset
                && items.get(2) instanceof Tuple size
                && items.get(3) instanceof Tuple strides
                && size.items().size() == strides.items().size()) {
            return new View(
                    storage,
                    type == null ? storage.type() : type,
                    offset,
                    numbers(size),
                    numbers(strides));
        }
        throw bad.apply("a tensor is not made of a storage, an offset, a size and strides");
    }

    private long[] numbers(Tuple tuple) {
        if (tuple.items().size() > MOST_DIMENSIONS) {
            throw bad.apply("a tensor has more than " + MOST_DIMENSIONS + " dimensions");
        }
        long[] numbers = new long[tuple.items().size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!(tuple.items().get(i) instanceof Long number)) {
                throw bad.apply("a size or stride is no whole number");
            }
            numbers[i] = number;
        }
        return numbers;
    }
}
