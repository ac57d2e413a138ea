package io.amalgam.internal.align;

import io.amalgam.internal.align.Moves.OfHeads;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Grouping;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The result of an alignment as bytes, for a resume. */
final class MovesFile {
    private MovesFile() {}

    static byte[] write(Map<String, Moves> moves, double[] figures) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(figures.length);
            for (double figure : figures) {
                out.writeDouble(figure);
            }
            for (Moves each : moves.values()) {
                if (each instanceof OfUnits units) {
                    map(out, units.map());
                    map(out, units.reading());
                } else {
                    OfHeads heads = (OfHeads) each;
                    ints(out, heads.group());
                    for (int g = 0; g < heads.group().length; g++) {
                        ints(out, heads.query()[g]);
                        ints(out, heads.value()[g]);
                        ints(out, heads.key()[g]);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** What {@link #read} found. */
    record Found(Map<String, Moves> moves, double[] figures) {}

    /**
     * @throws IOException if the bytes are not those of these groups
     */
    static Found read(byte[] bytes, Grouping grouping) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            double[] figures = new double[length(in)];
            for (int i = 0; i < figures.length; i++) {
                figures[i] = in.readDouble();
            }
            Map<String, Moves> moves = new LinkedHashMap<>();
            for (Group group : grouping.groups()) {
                if (group instanceof Heads) {
                    int[] order = ints(in);
                    int[][] query = new int[order.length][];
                    int[][] value = new int[order.length][];
                    int[][] key = new int[order.length][];
                    for (int g = 0; g < order.length; g++) {
                        query[g] = ints(in);
                        value[g] = ints(in);
                        key[g] = ints(in);
                    }
                    moves.put(group.name(), new OfHeads(order, query, value, key));
                } else {
                    moves.put(group.name(), new OfUnits(map(in), map(in)));
                }
            }
            if (in.read() >= 0) {
                throw new IOException("more than the groups");
            }
            return new Found(moves, figures);
        }
    }

    private static void map(DataOutputStream out, AxisMap map) throws IOException {
        out.writeInt(map.oldSize());
        out.writeBoolean(map.starts() != null);
        if (map.starts() != null) {
            ints(out, map.starts());
        }
        ints(out, map.sources());
        out.writeBoolean(map.factors() != null);
        if (map.factors() != null) {
            for (double factor : Objects.requireNonNull(map.factors())) {
                out.writeDouble(factor);
            }
        }
    }

    private static AxisMap map(DataInputStream in) throws IOException {
        int old = in.readInt();
        int @Nullable [] starts = in.readBoolean() ? ints(in) : null;
        int[] sources = ints(in);
        double @Nullable [] factors = in.readBoolean() ? new double[sources.length] : null;
        for (int i = 0; factors != null && i < factors.length; i++) {
            factors[i] = in.readDouble();
        }
        return new AxisMap(old, starts, sources, factors);
    }

    private static void ints(DataOutputStream out, int[] values) throws IOException {
        out.writeInt(values.length);
        for (int value : values) {
            out.writeInt(value);
        }
    }

    private static int[] ints(DataInputStream in) throws IOException {
        int[] values = new int[length(in)];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readInt();
        }
        return values;
    }

    private static int length(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available() / Integer.BYTES) {
            throw new IOException("no length");
        }
        return length;
    }
}
