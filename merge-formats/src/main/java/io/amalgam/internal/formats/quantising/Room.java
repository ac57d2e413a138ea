package io.amalgam.internal.formats.quantising;

import io.amalgam.kernel.Workspace;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The arrays that one worker encodes to: they grow to the largest piece and are kept. */
final class Room {
    private static final VarHandle FLOATS =
            MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] codes = new byte[0];
    private byte[] scales = new byte[0];
    private byte[] zeros = new byte[0];

    private Room() {}

    static Room of(Workspace workspace) {
        return workspace.kept(Room.class, Room.class, unused -> new Room());
    }

    byte[] codes(int count) {
        codes = codes.length < count ? new byte[count] : codes;
        return codes;
    }

    byte[] scales(int count) {
        scales = scales.length < count ? new byte[count] : scales;
        return scales;
    }

    /** Room for zero points, all 0. */
    byte[] zeros(int count) {
        zeros = new byte[count];
        return zeros;
    }

    static void putFloat(byte[] bytes, int at, float value) {
        FLOATS.set(bytes, at, value);
    }

    static void putInt(byte[] bytes, int at, int value) {
        INTS.set(bytes, at, value);
    }

    static void putLong(byte[] bytes, int at, long value) {
        LONGS.set(bytes, at, value);
    }

    static float largest(float[] values, int from, int count) {
        float largest = 0;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }
}
