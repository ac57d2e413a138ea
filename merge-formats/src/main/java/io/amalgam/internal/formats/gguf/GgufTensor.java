package io.amalgam.internal.formats.gguf;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * A tensor as GGUF stores it: under its name there, with its rows in that order and its values
 * changed, rounded once.
 *
 * @param source the tensor of the Hugging Face model
 * @param target as it is stored; of an expert, its part of the stack
 * @param heads of rows by rotary pairs
 * @param added to every value
 * @param firstRow rows before it are cut off, and those after as many as the target has
 */
record GgufTensor(
        TensorInfo source, TensorInfo target, Optional<HeadRows> heads, float added, long firstRow)
        implements Quantiser {
    /** Scratch of one worker. */
    private static final class Room {
        private float[] values = new float[0];
        private byte[] bytes = new byte[0];

        float[] values(int count) {
            values = values.length < count ? new float[count] : values;
            return values;
        }

        byte[] bytes(int count) {
            bytes = bytes.length < count ? new byte[count] : bytes;
            return bytes;
        }
    }

    static GgufTensor plain(TensorInfo source, TensorInfo target) {
        return new GgufTensor(source, target, Optional.empty(), 0, 0);
    }

    @Override
    public List<TensorInfo> stored() {
        return List.of(target);
    }

    @Override
    public String name() {
        return "GGUF "
                + target.dtype()
                + heads.map(h -> " pairs of " + h.headRows()).orElse("")
                + (added == 0 ? "" : " +" + added)
                + (firstRow == 0 ? "" : " from row " + firstRow);
    }

    /** Whole heads, rows or blocks. */
    @Override
    public int step() {
        long columns = columns();
        if (heads.isPresent()) {
            return Math.toIntExact(heads.get().headRows() * columns);
        }
        boolean cut = !source.shape().equals(target.shape());
        return cut ? Math.toIntExact(columns) : target.dtype().blockElements();
    }

    private long columns() {
        Shape shape = source.shape();
        return shape.rank() == 0 ? 1 : Math.max(1, source.elements() / Math.max(1, shape.dim(0)));
    }

    @Override
    public void encode(
            float[] values,
            int at,
            int count,
            long from,
            float largest,
            Target to,
            Workspace workspace)
            throws IOException {
        long before = firstRow * columns();
        int skipped = (int) Math.max(0, Math.min(count, before - from));
        long place = from + skipped - before;
        int n = (int) Math.min(count - skipped, target.elements() - place);
        if (n <= 0) {
            return;
        }
        Room room = workspace.kept(GgufTensor.class, Room.class, w -> new Room());
        int block = target.dtype().blockElements();
        int most = Math.max(block, workspace.capacity() / block * block);
        float[] ordered = values;
        int begin = at + skipped;
        if (heads.isPresent()) {
            ordered = new float[n];
            inPairs(values, begin, ordered, n);
            begin = 0;
        }
        for (int done = 0; done < n; done += most) {
            int piece = Math.min(most, n - done);
            float[] part = room.values(piece);
            for (int i = 0; i < piece; i++) {
                part[i] =
                        added == 0 ? ordered[begin + done + i] : ordered[begin + done + i] + added;
            }
            int bytes = (int) target.dtype().bytesFor(piece);
            byte[] made = room.bytes(bytes);
            TensorEncoding encoding = TensorEncoding.of(target.dtype());
            boolean finite =
                    encoding.encode(
                            part,
                            piece,
                            ByteBuffer.wrap(made, 0, bytes).order(ByteOrder.LITTLE_ENDIAN),
                            workspace);
            if (!finite) {
                requireFits(part, piece, from + skipped + done, encoding.largest());
            }
            to.write(0, target.dtype().bytesFor(place + done), made, bytes);
        }
    }

    private void inPairs(float[] values, int at, float[] ordered, int n) {
        HeadRows rows = heads.orElseThrow();
        int columns = Math.toIntExact(columns());
        for (int row = 0; row < n / columns; row++) {
            int there = Math.toIntExact(rows.inHuggingFace(row));
            System.arraycopy(values, at + there * columns, ordered, row * columns, columns);
        }
    }

    private void requireFits(float[] values, int count, long from, float largest) {
        for (int i = 0; i < count; i++) {
            if (!(Math.abs(values[i]) <= largest)) {
                throw new BadInputException(
                        Problem.expected(
                                        "tensor '" + source.name() + "'",
                                        "numbers that " + target.dtype() + " can hold",
                                        values[i] + " at element " + (from + i))
                                .hint("write bf16 or f32"));
            }
        }
    }
}
