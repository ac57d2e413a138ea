package io.amalgam.internal.align;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.AlignOptions.Rule;
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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Permutations as a safetensors file. Of hidden units {@code NAME}: the old place of each new one,
 * int32; where units are sums of others, {@code map.NAME}, float32: the mass that goes from each
 * old unit to each new one. Of heads {@code NAME.group}, {@code NAME.query}, {@code NAME.vo} and
 * {@code NAME.qk}.
 */
public final class AlignmentFile {
    /** Its name beside an aligned model. */
    public static final String NAME = "alignment.safetensors";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MAP = "map.";
    private static final List<String> HEADS = List.of(".group", ".query", ".vo", ".qk");
    private static final String MATRICES = ".*\\.(query|vo|qk)";

    private AlignmentFile() {}

    /** The file of a finished alignment. */
    public static byte[] of(AlignmentRun run) {
        Map<String, int[][]> tensors = new LinkedHashMap<>();
        Map<String, AxisMap> sums = new LinkedHashMap<>();
        run.result()
                .moves()
                .forEach(
                        (name, moves) -> {
                            if (moves instanceof OfHeads heads) {
                                tensors.put(name + ".group", new int[][] {heads.group()});
                                tensors.put(name + ".query", heads.query());
                                tensors.put(name + ".vo", heads.value());
                                tensors.put(name + ".qk", heads.key());
                            } else if (isOrder(((OfUnits) moves).map())) {
                                int[] sources = ((OfUnits) moves).map().sources();
                                tensors.put(name, new int[][] {sources});
                            } else {
                                sums.put(name, ((OfUnits) moves).map());
                            }
                        });
        sums.forEach((name, map) -> tensors.put(MAP + name, masses(map)));
        return bytes(tensors, run.identity());
    }

    private static boolean isOrder(AxisMap map) {
        return map.moves() && map.size() == map.oldSize();
    }

    /** Bits of the masses that a map of equal new units stands for. */
    private static int[][] masses(AxisMap map) {
        int[][] bits = new int[map.oldSize()][map.size()];
        for (int j = 0; j < map.size(); j++) {
            for (int term = map.from(j); term < map.to(j); term++) {
                float mass = (float) (map.factor(term) / map.size());
                bits[map.sources()[term]][j] = Float.floatToRawIntBits(mass);
            }
        }
        return bits;
    }

    private static byte[] bytes(Map<String, int[][]> tensors, String what) {
        ObjectNode header = JSON.createObjectNode();
        header.putObject("__metadata__").put("format", "pt").put("amalgam_alignment", what);
        int at = 0;
        for (Map.Entry<String, int[][]> tensor : tensors.entrySet()) {
            int[][] rows = tensor.getValue();
            boolean map = tensor.getKey().startsWith(MAP);
            boolean vector = rows.length == 1 && !tensor.getKey().matches(MATRICES) && !map;
            ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", map ? "F32" : "I32");
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
    static Map<String, Moves> read(
            Checkpoint file, Grouping grouping, Grouping target, Rule rule, String model)
            throws IOException {
        Reading reading = new Reading(file, model);
        Map<String, Moves> moves = new LinkedHashMap<>();
        reading.requireKnown(grouping);
        for (Group group : grouping.groups()) {
            String name = group.name();
            if (group instanceof Units units) {
                if (file.tensors().containsKey(MAP + name)) {
                    moves.put(
                            name, reading.map(MAP + name, units.size(), size(target, name), rule));
                    continue;
                }
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

    private static int size(Grouping grouping, String name) {
        for (Group group : grouping.groups()) {
            if (group.name().equals(name) && group instanceof Units units) {
                return units.size();
            }
        }
        return 0;
    }

    private record Reading(Checkpoint file, String model) {
        /** A model with more groups is another one, whatever the sizes of those it shares. */
        void requireKnown(Grouping grouping) {
            Set<String> known = new HashSet<>();
            for (Group group : grouping.groups()) {
                String name = group.name();
                if (group instanceof Units) {
                    known.addAll(List.of(name, MAP + name));
                } else {
                    HEADS.forEach(part -> known.add(name + part));
                }
            }
            for (String name : file.tensors().keySet()) {
                if (!known.contains(name)) {
                    throw wrong(
                            "permutations for model '" + model + "'",
                            "those of its groups alone",
                            "'" + name + "' too");
                }
            }
        }

        OfUnits map(String name, int rows, int columns, Rule rule) throws IOException {
            TensorSource found = Objects.requireNonNull(file.tensors().get(name));
            String what = "map '" + name + "' for model '" + model + "'";
            Shape expected = Shape.of(rows, columns);
            if (found.info().dtype() != DType.F32 || !found.info().shape().equals(expected)) {
                throw wrong(
                        what, "F32 " + expected, found.info().dtype() + " " + found.info().shape());
            }
            ByteBuffer bytes = bytes(found);
            double[] plan = new double[rows * columns];
            for (int i = 0; i < plan.length; i++) {
                plan[i] = bytes.getFloat();
                if (!(plan[i] >= 0 && plan[i] <= 1)) {
                    throw wrong(what, "numbers from 0 to 1", String.valueOf(plan[i]));
                }
            }
            return TransportMatching.maps(plan, rows, columns, rule);
        }

        private static ByteBuffer bytes(TensorSource found) throws IOException {
            StoredTensor stored = found.stored().orElseThrow();
            ByteBuffer bytes =
                    ByteBuffer.allocate((int) stored.info().bytes()).order(ByteOrder.LITTLE_ENDIAN);
            stored.region().readFully(0, bytes);
            return bytes.flip();
        }

        int[][] permutations(String name, int rows, int size) throws IOException {
            TensorSource found = file.tensors().get(name);
            Shape expected =
                    rows == 1 && !name.matches(MATRICES) ? Shape.of(size) : Shape.of(rows, size);
            String what = "permutation '" + name + "' for model '" + model + "'";
            if (found == null) {
                throw wrong(what, "I32 " + expected, "none");
            }
            if (found.info().dtype() != DType.I32 || !found.info().shape().equals(expected)) {
                throw wrong(
                        what, "I32 " + expected, found.info().dtype() + " " + found.info().shape());
            }
            ByteBuffer bytes = bytes(found);
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
