package io.amalgam.internal.align;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.Moves.OfHeads;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Permutations as a safetensors file. Of hidden units {@code NAME}: the old place of each new one,
 * int32. Of heads {@code NAME.group}, {@code NAME.query}, {@code NAME.vo} and {@code NAME.qk}.
 */
public final class AlignmentFile {
    /** Its name beside an aligned model. */
    public static final String NAME = "alignment.safetensors";

    private static final ObjectMapper JSON = new ObjectMapper();

    private AlignmentFile() {}

    /** The file of a finished alignment. */
    public static byte[] of(AlignmentRun run) {
        Map<String, int[][]> tensors = new LinkedHashMap<>();
        run.result()
                .moves()
                .forEach(
                        (name, moves) -> {
                            if (moves instanceof OfHeads heads) {
                                tensors.put(name + ".group", new int[][] {heads.group()});
                                tensors.put(name + ".query", heads.query());
                                tensors.put(name + ".vo", heads.value());
                                tensors.put(name + ".qk", heads.key());
                            } else {
                                int[] sources = ((OfUnits) moves).map().sources();
                                tensors.put(name, new int[][] {sources});
                            }
                        });
        return bytes(tensors, run.identity());
    }

    private static byte[] bytes(Map<String, int[][]> tensors, String what) {
        ObjectNode header = JSON.createObjectNode();
        header.putObject("__metadata__").put("format", "pt").put("amalgam_alignment", what);
        int at = 0;
        for (Map.Entry<String, int[][]> tensor : tensors.entrySet()) {
            int[][] rows = tensor.getValue();
            boolean vector = rows.length == 1 && !tensor.getKey().matches(".*\\.(query|vo|qk)");
            ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "I32");
            int[] shape =
                    vector ? new int[] {rows[0].length} : new int[] {rows.length, rows[0].length};
            Arrays.stream(shape).forEach(entry.withArray("shape")::add);
            int end = at + rows.length * rows[0].length * Integer.BYTES;
            entry.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        int padded = (text.length + 7) / 8 * 8;
        ByteBuffer out =
                ByteBuffer.allocate(Long.BYTES + padded + at).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(padded).put(text);
        while (out.position() < Long.BYTES + padded) {
            out.put((byte) ' ');
        }
        for (int[][] rows : tensors.values()) {
            for (int[] row : rows) {
                Arrays.stream(row).forEach(out::putInt);
            }
        }
        return out.array();
    }

    /**
     * The moves that a file names.
     *
     * @param model what the model is called that they are for
     * @throws BadInputException if they are not for its groups
     */
    static Map<String, Moves> read(Checkpoint file, Grouping grouping, String model)
            throws IOException {
        Reading reading = new Reading(file, model);
        Map<String, Moves> moves = new LinkedHashMap<>();
        for (Group group : grouping.groups()) {
            String name = group.name();
            if (group instanceof Units units) {
                int[] order = reading.permutations(name, 1, units.size())[0];
                moves.put(name, new OfUnits(AxisMap.of(units.size(), order)));
            } else {
                Heads heads = (Heads) group;
                int groups = heads.groups();
                moves.put(
                        name,
                        new OfHeads(
                                reading.permutations(name + ".group", 1, groups)[0],
                                reading.permutations(name + ".query", groups, heads.queries()),
                                reading.permutations(name + ".vo", groups, heads.size()),
                                reading.permutations(name + ".qk", groups, heads.size())));
            }
        }
        return moves;
    }

    private record Reading(Checkpoint file, String model) {
        int[][] permutations(String name, int rows, int size) throws IOException {
            TensorSource found = file.tensors().get(name);
            Shape expected =
                    rows == 1 && !name.matches(".*\\.(query|vo|qk)")
                            ? Shape.of(size)
                            : Shape.of(rows, size);
            String what = "permutation '" + name + "' for model '" + model + "'";
            if (found == null) {
                throw wrong(what, "I32 " + expected, "none");
            }
            if (found.info().dtype() != DType.I32 || !found.info().shape().equals(expected)) {
                throw wrong(
                        what, "I32 " + expected, found.info().dtype() + " " + found.info().shape());
            }
            StoredTensor stored = found.stored().orElseThrow();
            ByteBuffer bytes =
                    ByteBuffer.allocate((int) stored.info().bytes()).order(ByteOrder.LITTLE_ENDIAN);
            stored.region().readFully(0, bytes);
            bytes.flip();
            int[][] all = new int[rows][size];
            for (int[] row : all) {
                bytes.asIntBuffer().get(row);
                bytes.position(bytes.position() + size * Integer.BYTES);
                if (IntStream.of(row).distinct().filter(i -> i >= 0 && i < size).count() != size) {
                    throw wrong(what, "each number below " + size + " once", "others");
                }
            }
            return all;
        }

        private BadInputException wrong(String what, String expected, String got) {
            return new BadInputException(
                    Problem.expected(what, expected, got)
                            .at("'" + file.path() + "'")
                            .hint("permutations are for one kind of model: align it anew"));
        }
    }
}
