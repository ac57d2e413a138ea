package io.amalgam.internal.formats.huggingface;

import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layout of a model. Of one in parts: one {@code model.safetensors} in each module's folder,
 * where its tensors have their own names again, then the model proper's, in shards if need be. The
 * latter come last, so that they are moved to their places last.
 */
final class PartLayout {
    private PartLayout() {}

    static OutputLayout of(
            List<TensorInfo> tensors,
            long maxBytes,
            Map<String, String> metadata,
            ModuleFolders folders) {
        Map<String, List<Integer>> parts = new LinkedHashMap<>();
        folders.withWeights().forEach(folder -> parts.put(folder, new ArrayList<>()));
        List<Integer> proper = new ArrayList<>();
        for (int i = 0; i < tensors.size(); i++) {
            folders.of(tensors.get(i).name()).map(parts::get).orElse(proper).add(i);
        }
        parts.values().removeIf(List::isEmpty);
        Placement[] placements = new Placement[tensors.size()];
        List<DataFile> files = new ArrayList<>();
        parts.forEach(
                (folder, members) -> {
                    List<TensorInfo> own =
                            members.stream().map(i -> within(folder, tensors.get(i))).toList();
                    OutputLayout part =
                            Shards.layout(own, 0, metadata, WeightName.ofBase(ModuleFolders.MODEL));
                    place(part, folder + "/", members, files, placements);
                });
        String home = folders.inMainFolder("");
        List<TensorInfo> own = proper.stream().map(tensors::get).toList();
        WeightName called = WeightName.ofBase(folders.weights());
        OutputLayout model = Shards.layout(own, maxBytes, metadata, called);
        place(model, home, proper, files, placements);
        List<SmallFile> last =
                model.last().stream()
                        .map(file -> new SmallFile(home + file.name(), file.content()))
                        .toList();
        return new OutputLayout(files, Arrays.asList(placements), last);
    }

    private static TensorInfo within(String folder, TensorInfo tensor) {
        String name = tensor.name().substring(folder.length() + 1);
        return new TensorInfo(name, tensor.dtype(), tensor.shape());
    }

    private static void place(
            OutputLayout part,
            String folder,
            List<Integer> members,
            List<DataFile> files,
            Placement[] placements) {
        for (int k = 0; k < members.size(); k++) {
            Placement at = part.placements().get(k);
            placements[members.get(k)] = new Placement(files.size() + at.file(), at.offset());
        }
        for (DataFile file : part.files()) {
            files.add(new DataFile(folder + file.name(), file.header(), file.size()));
        }
    }
}
