package io.amalgam.internal.engine;

import io.amalgam.engine.MergeReport;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a part of a merge has written.
 *
 * @param part its number, from 1
 * @param files positions in the plan's layout
 * @param by the machine or executor
 * @param report of the tensors of these files
 */
public record PartReport(int part, Set<Integer> files, String by, MergeReport report) {
    public PartReport {
        files = Set.copyOf(files);
    }

    /**
     * The report of the whole: tensors and files in the plan's order, the work of all parts summed.
     */
    public static MergeReport joined(MergePlan plan, List<PartReport> parts, List<String> kept) {
        Map<Integer, Iterator<MergeReport.Written>> tensorsOf = new HashMap<>();
        Map<Integer, MergeReport.WrittenFile> files = new TreeMap<>();
        // Reports of parts have them as text.
        Map<String, Problem> warnings = new LinkedHashMap<>();
        plan.warnings().forEach(warning -> warnings.put(warning.toString(), warning));
        int resumed = 0;
        long moved = 0;
        double seconds = 0;
        int threads = 1;
        for (PartReport part : parts) {
            Iterator<MergeReport.Written> tensors = part.report.tensors().iterator();
            Iterator<MergeReport.WrittenFile> written = part.report.files().iterator();
            for (int file : new TreeSet<>(part.files)) {
                tensorsOf.put(file, tensors);
                files.put(file, written.next());
            }
            part.report.warnings().forEach(w -> warnings.putIfAbsent(w.toString(), w));
            resumed += part.report.resumed();
            moved += part.report.bytesMoved();
            seconds += part.report.seconds();
            threads = Math.max(threads, part.report.threads());
        }
        List<MergeReport.Written> tensors = new ArrayList<>();
        plan.layout()
                .placements()
                .forEach(
                        place ->
                                tensors.add(
                                        Objects.requireNonNull(tensorsOf.get(place.file()))
                                                .next()));
        return new MergeReport(
                plan.hash(),
                parts.get(0).report.kernels(),
                threads,
                tensors,
                List.copyOf(files.values()),
                kept,
                List.copyOf(warnings.values()),
                resumed,
                moved,
                seconds);
    }
}
