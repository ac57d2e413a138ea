package io.amalgam.internal.formats.huggingface;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.formats.safetensors.SafetensorsLayout;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Spreads tensors over files, in the order they are given. */
final class Shards {
    private Shards() {}

    /**
     * @param maxBytes of tensor data in one file, unless a single tensor takes more; 0 for no limit
     * @param called what the files are called
     */
    static OutputLayout layout(
            List<TensorInfo> tensors,
            long maxBytes,
            Map<String, String> metadata,
            WeightName called) {
        List<List<Integer>> shards = assign(tensors, maxBytes);
        Placement[] placements = new Placement[tensors.size()];
        List<DataFile> files = new ArrayList<>();
        Map<String, String> fileByTensor = new LinkedHashMap<>();
        long total = 0;
        for (int shard = 0; shard < shards.size(); shard++) {
            List<TensorInfo> held = shards.get(shard).stream().map(tensors::get).toList();
            SafetensorsLayout layout = SafetensorsLayout.of(held, metadata);
            String name =
                    shards.size() == 1 ? called.file() : called.shard(shard + 1, shards.size());
            files.add(new DataFile(name, layout.header(), layout.size()));
            for (int i = 0; i < held.size(); i++) {
                placements[shards.get(shard).get(i)] = new Placement(shard, layout.offset(i));
                if (fileByTensor.put(held.get(i).name(), name) != null) {
                    throw new IllegalArgumentException(
                            "two tensors are named '" + held.get(i).name() + "'");
                }
                total = Math.addExact(total, held.get(i).bytes());
            }
        }
        List<SmallFile> last =
                files.size() == 1
                        ? List.of()
                        : List.of(
                                new SmallFile(
                                        called.index(), ShardIndex.write(total, fileByTensor)));
        return new OutputLayout(files, Arrays.asList(placements), last);
    }

    private static List<List<Integer>> assign(List<TensorInfo> tensors, long maxBytes) {
        List<List<Integer>> shards = new ArrayList<>();
        shards.add(new ArrayList<>());
        long filled = 0;
        for (int i = 0; i < tensors.size(); i++) {
            long bytes = tensors.get(i).bytes();
            // As a difference, because a sum might overflow.
            boolean full = maxBytes > 0 && bytes > maxBytes - filled;
            if (full && !shards.get(shards.size() - 1).isEmpty()) {
                shards.add(new ArrayList<>());
                filled = 0;
            }
            shards.get(shards.size() - 1).add(i);
            filled = Math.addExact(filled, bytes);
        }
        return shards;
    }
}
