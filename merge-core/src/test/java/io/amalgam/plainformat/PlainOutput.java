package io.amalgam.plainformat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes model directories of the tests' own format, in one or several files with an index. */
public final class PlainOutput implements OutputFormat {
    static final String INDEX = ".index";

    /** Model directories. */
    public static final PlainOutput DIRECTORY = new PlainOutput("model.plain");

    private final String fileName;

    private PlainOutput(String fileName) {
        this.fileName = fileName;
    }

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public CheckpointFormat reader() {
        return new CheckpointFormat() {
            @Override
            public String name() {
                return "plain";
            }

            @Override
            public Match match(Path path) {
                return Match.POSSIBLE;
            }

            @Override
            public Checkpoint open(Path path, String name) throws IOException {
                return PlainModel.open(path, name);
            }
        };
    }

    @Override
    public OutputLayout layout(OutputModel model, LayoutOptions options) {
        List<List<TensorInfo>> shards = new ArrayList<>();
        long inShard = 0;
        for (TensorInfo tensor : model.tensors()) {
            long most = options.maxShardBytes();
            if (shards.isEmpty() || most > 0 && inShard > 0 && inShard + tensor.bytes() > most) {
                shards.add(new ArrayList<>());
                inShard = 0;
            }
            shards.get(shards.size() - 1).add(tensor);
            inShard += tensor.bytes();
        }
        if (shards.isEmpty()) {
            shards.add(List.of());
        }
        List<DataFile> files = new ArrayList<>();
        List<Placement> placements = new ArrayList<>();
        for (List<TensorInfo> shard : shards) {
            byte[] header = new PlainHeader(shard, options.metadata()).bytes();
            long at = header.length;
            for (TensorInfo tensor : shard) {
                placements.add(new Placement(files.size(), at));
                at += tensor.bytes();
            }
            files.add(new DataFile(shardName(files.size(), shards.size()), header, at));
        }
        return new OutputLayout(files, placements, index(files));
    }

    private String shardName(int shard, int shards) {
        return shards == 1
                ? fileName
                : fileName.replace(".", "-%05d-of-%05d.".formatted(shard + 1, shards));
    }

    private List<SmallFile> index(List<DataFile> files) {
        String names = String.join("\n", files.stream().map(DataFile::name).toList());
        return files.size() == 1
                ? List.of()
                : List.of(new SmallFile(fileName + INDEX, names.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public List<SmallFile> modelFiles(ObjectNode donorConfig, ConfigChanges changes) {
        byte[] config = donorConfig.toString().getBytes(StandardCharsets.UTF_8);
        return List.of(new SmallFile("config.json", config));
    }

    @Override
    public List<Path> weightFilesIn(Path directory) throws IOException {
        List<Path> files = new ArrayList<>(PlainModel.weights(directory));
        files.add(Path.of(STATE_FILE));
        return files;
    }

    @Override
    public List<Path> sideFilesIn(Path directory) throws IOException {
        List<Path> files = new ArrayList<>(PlainModel.tokenizer(directory));
        files.add(Path.of("config.json"));
        return files;
    }
}
