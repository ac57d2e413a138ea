package io.amalgam.internal.formats.pytorch;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.pytorch.Pickle.Dict;
import io.amalgam.internal.formats.pytorch.Pickle.Items;
import io.amalgam.internal.formats.pytorch.Pickle.Known;
import io.amalgam.internal.formats.pytorch.Pickle.None;
import io.amalgam.internal.formats.pytorch.Pickle.Tuple;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a pickle as data. A pickle is a program for a stack machine that may call anything; of its
 * instructions this knows those that {@code torch.save} needs for tensors in dictionaries, and of
 * what they may name the {@link Known} few. Nothing is ever called: what Python would call is
 * recognised by name and made into a value here. Everything else is refused with its name.
 *
 * <p>What it holds is bounded by the number of values it may make.
 */
final class Unpickler {
    /** Enough for tens of thousands of tensors, and no more than the default heap holds. */
    private static final int MOST_VALUES = 2_000_000;

    private static final int LONGEST_NAME = 1 << 16;

    private static final Object MARK = new Object();

    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private final PickleCalls calls = new PickleCalls(this::bad);
    private int values;

    private Unpickler(byte[] pickle) {
        this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * @throws BadInputException if the pickle says anything but tensors, in dictionaries, lists and
     *     tuples of them and of plain values; without the file's name
     */
    static Object read(byte[] pickle) {
        Unpickler unpickler = new Unpickler(pickle);
        try {
            return unpickler.run();
        } catch (BufferUnderflowException e) {
            throw unpickler.bad("it ends in the middle of an instruction");
        }
    }

    private Object run() {
        while (true) {
            int at = in.position();
            int code = Byte.toUnsignedInt(in.get());
            switch (code) {
                case 0x80 -> protocol();
                case 0x95 -> in.getLong();
                case '(' -> push(MARK);
                case '.' -> {
                    return pop();
                }
                case '0' -> pop();
                case 'N' -> push(None.NONE);
                case 0x88 -> push(true);
                case 0x89 -> push(false);
                case 'J' -> push((long) in.getInt());
                case 'K' -> push((long) Byte.toUnsignedInt(in.get()));
                case 'M' -> push((long) Short.toUnsignedInt(in.getShort()));
                case 0x8a -> push(longInteger());
                case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
                case 'X' -> push(text(Integer.toUnsignedLong(in.getInt())));
                case 0x8c -> push(text(Byte.toUnsignedInt(in.get())));
                case 'c' -> push(PickleCalls.known(line(), line()));
                case 0x93 -> {
                    String name = popText("name");
                    push(PickleCalls.known(popText("module"), name));
                }
                case '}' -> push(new Dict(new LinkedHashMap<>()));
                case ']' -> push(new Items(new ArrayList<>()));
                case ')' -> push(new Tuple(List.of()));
                case 0x85 -> tuple(1);
                case 0x86 -> tuple(2);
                case 0x87 -> tuple(3);
                case 't' -> push(new Tuple(popToMark()));
                case 'l' -> push(new Items(popToMark()));
                case 'd' -> {
                    List<Object> entries = popToMark();
                    Dict dict = new Dict(new LinkedHashMap<>());
                    put(dict, entries);
                    push(dict);
                }
                case 'a' -> {
                    Object item = pop();
                    peekItems().items().add(item);
                }
                case 'e' -> {
                    List<Object> items = popToMark();
                    peekItems().items().addAll(items);
                }
                case 's' -> {
                    Object value = pop();
                    Object key = pop();
                    put(peekDict(), List.of(key, value));
                }
                case 'u' -> {
                    List<Object> entries = popToMark();
                    put(peekDict(), entries);
                }
                case 'q' -> keep(Byte.toUnsignedInt(in.get()));
                case 'r' -> keep(in.getInt());
                case 0x94 -> keep(memo.size());
                case 'h' -> push(recall(Byte.toUnsignedInt(in.get())));
                case 'j' -> push(recall(in.getInt()));
                case 'Q' -> push(calls.storage(pop()));
                case 'R' -> {
                    Object arguments = pop();
                    push(calls.call(pop(), arguments));
                }
                case 'b' -> build();
                default -> throw refusedInstruction(code, at);
            }
        }
    }

    private void protocol() {
        int version = Byte.toUnsignedInt(in.get());
        if (version < 2 || version > 5) {
            throw bad("protocol " + version + " is none of those from 2 to 5");
        }
    }

    private void push(Object value) {
        if (++values > MOST_VALUES) {
            throw bad("it makes more than " + MOST_VALUES + " values");
        }
        stack.add(value);
    }

    private Object pop() {
        if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
            throw bad("it takes a value where there is none");
        }
        return stack.remove(stack.size() - 1);
    }

    private Object peek() {
        Object value = pop();
        stack.add(value);
        return value;
    }

    private List<Object> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw bad("it takes a list of values where none begins");
        }
        List<Object> tail = stack.subList(mark + 1, stack.size());
        List<Object> items = new ArrayList<>(tail);
        tail.clear();
        stack.remove(mark);
        return items;
    }

    private Items peekItems() {
        if (peek() instanceof Items items) {
            return items;
        }
        throw bad("it adds an item to something that is no list");
    }

    private Dict peekDict() {
        if (peek() instanceof Dict dict) {
            return dict;
        }
        throw bad("it adds an entry to something that is no dictionary");
    }

    private void put(Dict dict, List<Object> entries) {
        if (entries.size() % 2 != 0) {
            throw bad("it has a key without a value");
        }
        for (int i = 0; i < entries.size(); i += 2) {
            Object key = entries.get(i);
            if (!(key instanceof String || key instanceof Long)) {
                throw bad("a key of a dictionary is neither text nor a whole number");
            }
            dict.entries().put(key, entries.get(i + 1));
        }
    }

    private void keep(int index) {
        if (memo.size() >= MOST_VALUES) {
            throw bad("it keeps more than " + MOST_VALUES + " values");
        }
        memo.put(index, peek());
    }

    private Object recall(int index) {
        Object value = memo.get(index);
        if (value == null) {
            throw bad(
                    "it recalls value "
                            + Integer.toUnsignedString(index)
                            + ", which it never kept");
        }
        return value;
    }

    private void tuple(int size) {
        Object[] items = new Object[size];
        for (int i = size - 1; i >= 0; i--) {
            items[i] = pop();
        }
        push(new Tuple(List.of(items)));
    }

    private long longInteger() {
        int length = Byte.toUnsignedInt(in.get());
        if (length > Long.BYTES) {
            throw bad("a whole number has " + length + " bytes");
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            int next = i == length - 1 ? in.get() : Byte.toUnsignedInt(in.get());
            value |= (long) next << (8 * i);
        }
        return value;
    }

    private String text(long length) {
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer bytes = in.slice(in.position(), (int) length);
        in.position(in.position() + (int) length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw bad("a text is not UTF-8");
        }
    }

    private String line() {
        int start = in.position();
        while (in.get() != '\n') {
            if (in.position() - start > LONGEST_NAME) {
                throw bad("a name is longer than " + LONGEST_NAME + " bytes");
            }
        }
        byte[] bytes = new byte[in.position() - 1 - start];
        in.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String popText(String what) {
        if (pop() instanceof String text) {
            return text;
        }
        throw bad("the " + what + " of a class is no text");
    }

    /** Attributes of a dictionary, such as {@code _metadata}, say nothing of tensors. */
    private void build() {
        pop();
        if (!(peek() instanceof Dict)) {
            throw bad("it sets attributes of something that is no dictionary");
        }
    }

    private BadInputException refusedInstruction(int code, int at) {
        String name =
                switch (code) {
                    case 'i' -> "INST";
                    case 'o' -> "OBJ";
                    case 0x81 -> "NEWOBJ";
                    case 0x92 -> "NEWOBJ_EX";
                    case 0x82, 0x83, 0x84 -> "EXT";
                    case 'P' -> "PERSID";
                    case 0x8b -> "LONG4";
                    case 0x96 -> "BYTEARRAY8";
                    case 0x97 -> "NEXT_BUFFER";
                    default ->
                            code > ' ' && code < 127 ? String.valueOf((char) code) : "of no name";
                };
        return new BadInputException(
                Problem.of(
                                "the pickle has the instruction "
                                        + name
                                        + " (byte 0x"
                                        + Integer.toHexString(code)
                                        + " at "
                                        + at
                                        + "), which tensors do not need")
                        .hint(
                                "it was not run; use safetensors, or save only the model's state_dict"));
    }

    private BadInputException bad(String how) {
        return new BadInputException(
                Problem.of("the pickle is damaged: " + how + " (byte " + in.position() + ")")
                        .hint("download the file again, or use safetensors"));
    }
}
