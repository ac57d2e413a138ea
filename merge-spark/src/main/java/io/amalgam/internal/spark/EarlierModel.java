package io.amalgam.internal.spark;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.plan.MergePlan;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** A model in a store that another one replaces. */
record EarlierModel(Path out, FileSystem store) {
    /** Of these the text may matter: whether a card or a recipe is ours. */
    private static final long SMALL = 1 << 20;

    /**
     * Removes it, its index first. What is no part of a model stays, and so do files of the new
     * model that are in their places already.
     *
     * @param data the new model's weights
     */
    void remove(
            MergePlan plan,
            List<SmallFile> companions,
            EngineOptions options,
            List<StoredOutput.Move> data)
            throws IOException {
        Map<String, StoredOutput.Move> ours =
                data.stream()
                        .collect(Collectors.toMap(StoredOutput.Move::name, Function.identity()));
        List<String> names = new ArrayList<>();
        java.nio.file.Path there = Files.createTempDirectory("amalgam-earlier-");
        try {
            copyNames(there);
            MergeEngine.replaced(plan, there, companions, options)
                    .forEach(file -> names.add(file.toString().replace('\\', '/')));
        } finally {
            FileWrites.deleteTree(there);
        }
        names.sort(Comparator.comparing((String name) -> !name.endsWith(".index.json")));
        for (String name : names) {
            StoredOutput.Move move = ours.get(name);
            if (move == null || store.exists(new Path(move.from()))) {
                store.delete(new Path(out, name), false);
            }
        }
    }

    /** What is in the output, without the weights' bytes. */
    private void copyNames(java.nio.file.Path to) throws IOException {
        int start = store.getFileStatus(out).getPath().toUri().getPath().length() + 1;
        for (FileStatus entry : list()) {
            String name = entry.getPath().toUri().getPath().substring(start);
            java.nio.file.Path file = to.resolve(name).normalize();
            if (!file.startsWith(to)) {
                continue;
            }
            Files.createDirectories(file.resolveSibling(""));
            if (entry.getLen() <= SMALL && !name.endsWith(".safetensors")) {
                store.copyToLocalFile(false, entry.getPath(), new Path(file.toUri()), true);
            } else {
                Files.createFile(file);
            }
        }
    }

    private List<FileStatus> list() throws IOException {
        List<FileStatus> all = new ArrayList<>();
        try {
            RemoteIterator<LocatedFileStatus> files = store.listFiles(out, true);
            while (files.hasNext()) {
                FileStatus file = files.next();
                if (!file.getPath().toString().contains("/" + StoredOutput.PARTS + "/")) {
                    all.add(file);
                }
            }
        } catch (FileNotFoundException e) {
            // Nothing was there.
        }
        return all;
    }
}
