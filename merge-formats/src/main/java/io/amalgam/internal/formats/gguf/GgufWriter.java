package io.amalgam.internal.formats.gguf;

import io.amalgam.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The bytes before the data of a file: keys, and names and places of tensors. */
final class GgufWriter {
    private static final int VERSION = 3;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A tensor of a file; its offset is counted from the beginning of the data. */
    record Entry(String name, Shape shape, GgmlType type, long offset) {}

    /** Keys and tensors, padded to where the data begins. */
    static byte[] header(GgufMetadata keys, List<Entry> tensors) {
        GgufWriter writer = new GgufWriter();
        writer.out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        writer.number(VERSION, Integer.BYTES);
        writer.number(tensors.size(), Long.BYTES);
        writer.number(keys.values().size(), Long.BYTES);
        keys.values()
                .forEach(
                        (key, value) -> {
                            writer.text(key);
                            writer.number(value.type().id(), Integer.BYTES);
                            writer.value(value);
                        });
        for (Entry tensor : tensors) {
            writer.tensor(tensor);
        }
        int padding =
                (int) (Alignment.next(writer.out.size(), Alignment.DEFAULT) - writer.out.size());
        writer.out.writeBytes(new byte[padding]);
        return writer.out.toByteArray();
    }

    private void tensor(Entry tensor) {
        text(tensor.name());
        long[] dims = tensor.shape().rank() == 0 ? new long[] {1} : tensor.shape().dims();
        number(dims.length, Integer.BYTES);
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            number(dims[axis], Long.BYTES);
        }
        number(tensor.type().id(), Integer.BYTES);
        number(tensor.offset(), Long.BYTES);
    }

    private void value(GgufValue value) {
        if (value instanceof GgufValue.Whole whole) {
            number(whole.value(), whole.type().bytes());
        } else if (value instanceof GgufValue.Real real) {
            boolean single = real.type() == GgufValueType.F32;
            number(
                    single
                            ? Float.floatToRawIntBits((float) real.value())
                            : Double.doubleToRawLongBits(real.value()),
                    real.type().bytes());
        } else if (value instanceof GgufValue.Flag flag) {
            number(flag.value() ? 1 : 0, 1);
        } else if (value instanceof GgufValue.Text text) {
            text(text.value());
        } else if (value instanceof GgufValue.Texts texts) {
            number(GgufValueType.STRING.id(), Integer.BYTES);
            number(texts.values().size(), Long.BYTES);
            texts.values().forEach(this::text);
        } else if (value instanceof GgufValue.Numbers numbers) {
            number(numbers.elementType().id(), Integer.BYTES);
            number(numbers.size(), Long.BYTES);
            ByteBuffer bytes = numbers.bytes();
            byte[] all = new byte[bytes.remaining()];
            bytes.get(all);
            out.writeBytes(all);
        }
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(bytes.length, Long.BYTES);
        out.writeBytes(bytes);
    }

    private void number(long value, int bytes) {
        ByteBuffer all = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.write(all.putLong(value).array(), 0, bytes);
    }
}
