package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.engine.MergeReport;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The results of written tensors: a checksum, or the input they were copied from. Threads may tell
 * of different tensors at a time.
 */
final class TensorResults {
    private static final int COMPUTED = -1;

    private final MergePlan plan;
    private final List<TensorInfo> written = new ArrayList<>();
    private final List<TensorTask> tasks = new ArrayList<>();
    private final int[] checksums;
    private final int[] copies;

    TensorResults(MergePlan plan) {
        this.plan = plan;
        for (TensorTask task : plan.tasks()) {
            for (TensorInfo tensor : task.written()) {
                written.add(tensor);
                tasks.add(task);
            }
        }
        this.checksums = new int[written.size()];
        this.copies = new int[written.size()];
        Arrays.fill(copies, COMPUTED);
    }

    void computed(int place, int crc) {
        checksums[place] = crc;
    }

    void copied(int place, int input) {
        copies[place] = input;
    }

    /** The tensors of the files that are written, in the plan's order. */
    List<MergeReport.Written> tensors(OutputFiles files) {
        List<MergeReport.Written> tensors = new ArrayList<>();
        for (int i = 0; i < checksums.length; i++) {
            if (!files.has(i)) {
                continue;
            }
            String name = written.get(i).name();
            tensors.add(
                    copies[i] == COMPUTED
                            ? new MergeReport.Written(
                                    name, Optional.of(hex(checksums[i])), Optional.empty())
                            : new MergeReport.Written(
                                    name, Optional.empty(), Optional.of(source(i))));
        }
        return tensors;
    }

    private String source(int place) {
        return tasks.get(place).sources().get(copies[place]).identity();
    }

    /** All weights files, once they are complete. */
    List<MergeReport.WrittenFile> files(OutputFiles output) throws IOException {
        List<List<Integer>> inside = new ArrayList<>();
        plan.layout().files().forEach(file -> inside.add(new ArrayList<>()));
        List<Placement> placements = plan.layout().placements();
        for (int i = 0; i < placements.size(); i++) {
            inside.get(placements.get(i).file()).add(i);
        }
        // Tensors have few different sizes.
        Map<Long, Checksum.Shift> shifts = new HashMap<>();
        List<MergeReport.WrittenFile> files = new ArrayList<>();
        for (int f : output.selected()) {
            OutputLayout.DataFile file = plan.layout().files().get(f);
            files.add(
                    new MergeReport.WrittenFile(
                            file.name(),
                            file.size(),
                            checksum(file, inside.get(f), shifts),
                            output.modifiedMillis(f)));
        }
        return files;
    }

    /**
     * Of the header, then the tensors in the order they lie in the file, with the zeros between.
     */
    private Optional<String> checksum(
            OutputLayout.DataFile file, List<Integer> tensors, Map<Long, Checksum.Shift> shifts) {
        if (tensors.stream().anyMatch(i -> copies[i] != COMPUTED)) {
            return Optional.empty();
        }
        CRC32C header = new CRC32C();
        header.update(file.header());
        int crc = (int) header.getValue();
        List<Placement> placements = plan.layout().placements();
        // Tensors without elements lie where the next one begins.
        tensors.sort(
                Comparator.comparingLong((Integer i) -> placements.get(i).offset())
                        .thenComparingLong(i -> written.get(i).bytes()));
        long end = file.header().length;
        for (int i : tensors) {
            crc = withZeros(crc, placements.get(i).offset() - end, shifts);
            long bytes = written.get(i).bytes();
            crc = shifts.computeIfAbsent(bytes, Checksum.Shift::new).append(crc, checksums[i]);
            end = placements.get(i).offset() + bytes;
        }
        crc = withZeros(crc, file.size() - end, shifts);
        return Optional.of(hex(crc));
    }

    /** Gaps are smaller than what tensors are aligned to. */
    private static int withZeros(int crc, long bytes, Map<Long, Checksum.Shift> shifts) {
        if (bytes == 0) {
            return crc;
        }
        CRC32C zeros = new CRC32C();
        zeros.update(new byte[Math.toIntExact(bytes)]);
        return shifts.computeIfAbsent(bytes, Checksum.Shift::new)
                .append(crc, (int) zeros.getValue());
    }

    private static String hex(int crc) {
        return String.format("%08x", crc);
    }
}
