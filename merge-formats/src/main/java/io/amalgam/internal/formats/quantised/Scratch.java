package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The arrays one reader decodes with: they grow to the largest block and are kept. */
final class Scratch {
    private static final int SPAN = 1 << 17;
    private static final VarHandle WORDS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] codes = new byte[0];
    private byte[] bytes = new byte[0];
    private float[] scales = new float[0];
    private float[] outer = new float[0];
    private byte[] span = new byte[0];
    private int[] ints = new int[0];
    private int[] words = new int[0];

    private Scratch() {}

    static Scratch of(Workspace workspace) {
        return workspace.kept(Scratch.class, Scratch.class, unused -> new Scratch());
    }

    /** Bytes of a tensor's codes. */
    byte[] codes(StoredTensor tensor, long from, int count, Workspace workspace)
            throws IOException {
        read(tensor, from, count, codes(count), 0, workspace);
        return codes;
    }

    /** Room for codes. */
    byte[] codes(int count) {
        if (codes.length < count) {
            codes = new byte[count];
        }
        return codes;
    }

    /** Bytes of a tensor that codes belong to. */
    byte[] bytes(StoredTensor tensor, long from, int count, Workspace workspace)
            throws IOException {
        read(tensor, from, count, bytes(count), 0, workspace);
        return bytes;
    }

    /** Room for bytes of such a tensor. */
    byte[] bytes(int count) {
        if (bytes.length < count) {
            bytes = new byte[count];
        }
        return bytes;
    }

    /** Room for some rows of codes with what lies between. */
    byte[] span(int rowBytes) {
        if (span.length < Math.max(SPAN, rowBytes)) {
            span = new byte[Math.max(SPAN, rowBytes)];
        }
        return span;
    }

    /** Little-endian words of a tensor, from a byte of it on. */
    int[] words(StoredTensor tensor, long from, int count, Workspace workspace) throws IOException {
        int[] all = words(count);
        int step = Math.max(128, workspace.capacity());
        for (int done = 0; done < count; ) {
            int n = Math.min(step, count - done);
            ByteBuffer buffer = workspace.bytes(n * Integer.BYTES);
            tensor.region().readFully(from + (long) done * Integer.BYTES, buffer);
            buffer.flip().asIntBuffer().get(all, done, n);
            done += n;
        }
        return all;
    }

    /** Room for words. */
    int[] words(int count) {
        if (words.length < count) {
            words = new int[count];
        }
        return words;
    }

    int[] ints(int count) {
        if (ints.length < count) {
            ints = new int[count];
        }
        return ints;
    }

    float[] scales(int count) {
        if (scales.length < count) {
            scales = new float[count];
        }
        return scales;
    }

    /** Scales of scales. */
    float[] outer(int count) {
        if (outer.length < count) {
            outer = new float[count];
        }
        return outer;
    }

    /** Reads raw bytes, through the workspace's buffer. */
    static void read(
            StoredTensor tensor, long from, int count, byte[] dst, int at, Workspace workspace)
            throws IOException {
        int step = Math.max(512, workspace.capacity());
        for (int done = 0; done < count; ) {
            int n = Math.min(step, count - done);
            ByteBuffer buffer = workspace.bytes(n);
            tensor.region().readFully(from + done, buffer);
            buffer.flip().get(dst, at + done, n);
            done += n;
        }
    }

    /** Numbers of a tensor's type out of its bytes. */
    static void floats(
            DType type,
            byte[] bytes,
            int from,
            int count,
            float[] dst,
            int at,
            Workspace workspace) {
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int done = 0; done < count; ) {
            int n = Math.min(workspace.capacity(), count - done);
            int begin = from + (int) type.bytesFor(done);
            ByteBuffer some =
                    all.slice(begin, (int) type.bytesFor(n)).order(ByteOrder.LITTLE_ENDIAN);
            TensorEncoding.of(type).decode(some, n, dst, at + done, workspace);
            done += n;
        }
    }

    /** A little-endian word. */
    static int word(byte[] bytes, int at) {
        return (int) WORDS.get(bytes, at);
    }

    /** At most 8 bits of a little-endian string of bits; the byte behind them must be there. */
    static int bits(byte[] bytes, int from, int count) {
        int at = from >>> 3;
        int two = (bytes[at] & 0xFF) | (bytes[at + 1] & 0xFF) << 8;
        return two >>> (from & 7) & (1 << count) - 1;
    }
}
