package io.amalgam.facade;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A format for tests: a file holds the bytes of one tensor, {@code w}, and its name says their type
 * and shape, as in {@code BF16-2x3.tensor}.
 */
public final class OneTensorFormat implements CheckpointFormat {
    private static final String ENDING = ".tensor";

    @Override
    public String name() {
        return "one-tensor";
    }

    @Override
    public Match match(Path path) {
        return path.toString().endsWith(ENDING) && Files.isRegularFile(path)
                ? Match.BY_NAME
                : Match.NONE;
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        String[] parts = path.getFileName().toString().replace(ENDING, "").split("-");
        DType dtype = DType.fromName(parts[0]).orElseThrow();
        long[] dims =
                parts.length == 1
                        ? new long[0]
                        : Arrays.stream(parts[1].split("x")).mapToLong(Long::parseLong).toArray();
        TensorInfo info = new TensorInfo("w", dtype, Shape.of(dims));
        FileChannel channel = FileChannel.open(path);
        FileRegion region = new FileRegion(channel, path, 0, channel.size());
        return new OneTensor(path, channel, Map.of("w", new StoredTensor(name, info, region)));
    }

    private record OneTensor(Path path, FileChannel channel, Map<String, StoredTensor> tensors)
            implements Checkpoint {
        @Override
        public Map<String, String> metadata() {
            return Map.of();
        }

        @Override
        public Optional<ObjectNode> config() {
            return Optional.empty();
        }

        @Override
        public List<Path> weightFiles() {
            return List.of(path);
        }

        @Override
        public List<Path> sideFiles() {
            return List.of();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
