package io.amalgam.internal.formats.pytorch;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.files.FileKinds;
import io.amalgam.internal.formats.pytorch.Pickle.Dict;
import io.amalgam.internal.formats.pytorch.Pickle.View;
import io.amalgam.internal.io.Placeholders;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of {@code torch.save} with a dictionary of tensors in it, or with one under {@code
 * state_dict}: {@code pytorch_model.bin}, {@code .pt}, {@code .pth}, in the zip form of torch 1.6
 * and later. Tensors are read from where they lie; the pickle beside them is read as data, and
 * nothing in it is ever run (see {@link Unpickler}).
 *
 * <p>Safe for concurrent use until closed.
 */
public final class PyTorchFile implements Checkpoint {
    private static final int LARGEST_PICKLE = 32 << 20;

    /** Elements that stand for one stored element: masks have some, and nothing has very many. */
    private static final long MOST_EXPANDED = 1L << 28;

    private static final String DICTIONARY = "state_dict";

    private final Path path;
    private final String model;
    private final FileChannel channel;
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
    private final Map<String, View> views = new LinkedHashMap<>();
    private final Set<String> tied = new LinkedHashSet<>();
    private long expanded;

    private PyTorchFile(Path path, String model, FileChannel channel) {
        this.path = path;
        this.model = model;
        this.channel = channel;
    }

    /**
     * @param model what the user calls the checkpoint this file is, or is a part of
     * @throws BadInputException if it is no such file, is damaged, or says anything but tensors
     * @throws IOException if it cannot be read
     */
    public static PyTorchFile open(Path path, String model) throws IOException {
        PyTorchFile file = openAll(path, model);
        file.dropTiedHeads();
        return file;
    }

    /**
     * Opens a file that is no whole model: of two names for one storage both are kept.
     *
     * @throws BadInputException if it is no such file, is damaged, or says anything but tensors
     * @throws IOException if it cannot be read
     */
    public static PyTorchFile openAll(Path path, String model) throws IOException {
        FileKinds.require(path);
        FileChannel channel = Placeholders.open(path);
        try {
            PyTorchFile file = new PyTorchFile(path, model, channel);
            file.read();
            return file;
        } catch (BadInputException e) {
            try (channel) {
                throw new BadInputException(
                        e.problems().stream()
                                .map(p -> p.where().isEmpty() ? p.at("'" + path + "'") : p)
                                .toList());
            }
        } catch (IOException | RuntimeException | Error e) {
            try (channel) {
                throw e;
            }
        }
    }

    private void read() throws IOException {
        ZipArchive archive = ZipArchive.read(path, channel);
        List<String> pickles =
                archive.names().stream()
                        .filter(name -> name.equals("data.pkl") || name.endsWith("/data.pkl"))
                        .toList();
        boolean program =
                archive.names().stream()
                        .anyMatch(n -> n.equals("constants.pkl") || n.endsWith("/constants.pkl"));
        if (pickles.size() != 1 || program) {
            throw new BadInputException(
                    Problem.expected(
                                    "PyTorch file",
                                    "tensors, as torch.save writes them",
                                    program ? "a TorchScript program" : "another kind of archive")
                            .hint("save the model's state_dict"));
        }
        String pickle = pickles.get(0);
        String folder = pickle.substring(0, pickle.length() - "data.pkl".length());
        if (archive.names().contains(folder + "byteorder")) {
            String order =
                    new String(
                            archive.content(folder + "byteorder", 16), StandardCharsets.US_ASCII);
            if (!order.equals("little")) {
                throw new BadInputException(
                        Problem.expected("byte order", "'little'", "'" + order + "'"));
            }
        }
        Object root = Unpickler.read(archive.content(pickle, LARGEST_PICKLE));
        for (Map.Entry<String, View> entry : dictionary(root).entrySet()) {
            add(entry.getKey(), entry.getValue(), archive, folder);
        }
    }

    /** The tensors by name; what else a training checkpoint holds is not looked at. */
    private static Map<String, View> dictionary(Object root) {
        if (!(root instanceof Dict dict)) {
            throw new BadInputException(
                    Problem.expected(
                                    "content of the PyTorch file",
                                    "a dictionary of tensors",
                                    "something else")
                            .hint("save the model's state_dict"));
        }
        Object inner = dict.entries().get(DICTIONARY);
        Map<Object, Object> entries =
                inner instanceof Dict nested ? nested.entries() : dict.entries();
        Map<String, View> views = new LinkedHashMap<>();
        entries.forEach(
                (key, value) -> {
                    if (!(key instanceof String name) || !(value instanceof View view)) {
                        throw new BadInputException(
                                Problem.expected(
                                                "entry '" + key + "' of the PyTorch file",
                                                "a tensor",
                                                "something else")
                                        .hint("save the model's state_dict alone"));
                    }
                    views.put(name, view);
                });
        return views;
    }

    private void add(String name, View view, ZipArchive archive, String folder) throws IOException {
        TensorInfo info = info(name, view);
        ZipArchive.Span span = archive.span(folder + "data/" + view.storage().key());
        DType type = view.type();
        long available = span.length() / type.blockBytes();
        long declared =
                type == view.storage().type()
                        ? view.storage().elements()
                        : view.storage().elements() / type.blockBytes();
        if (!fits(view, info, Math.min(available, declared))) {
            throw new BadInputException(
                    Problem.expected(
                                    "tensor '" + name + "'",
                                    "elements within the "
                                            + Math.min(available, declared)
                                            + " of its storage",
                                    info.shape() + " from " + view.offset())
                            .hint("download the file again"));
        }
        long repeated = Math.max(0, info.elements() - available);
        if (repeated > MOST_EXPANDED - expanded) {
            throw new BadInputException(
                    Problem.expected(
                                    "expanded tensors up to '" + name + "'",
                                    "at most " + MOST_EXPANDED + " elements that are not stored",
                                    info.shape())
                            .hint("save their contiguous() if they are meant to be so large"));
        }
        expanded += repeated;
        long width = type.blockBytes();
        if (isContiguous(view)) {
            FileRegion region =
                    new FileRegion(
                            channel, path, span.offset() + view.offset() * width, info.bytes());
            tensors.put(name, new StoredTensor(model, info, region));
        } else if (type.arithmetic()) {
            TensorInfo all = new TensorInfo(name, type, Shape.of(available));
            FileRegion region = new FileRegion(channel, path, span.offset(), available * width);
            StoredTensor storage = new StoredTensor(model, all, region);
            tensors.put(name, new StridedTensor(info, storage, view.offset(), view.strides()));
        } else {
            throw new BadInputException(
                    Problem.of(
                                    "tensor '"
                                            + name
                                            + "' of type "
                                            + type
                                            + " does not lie in one piece")
                            .hint("save its contiguous() instead"));
        }
        views.put(name, view);
    }

    private static TensorInfo info(String name, View view) {
        try {
            TensorInfo info = new TensorInfo(name, view.type(), Shape.of(view.dims()));
            if (info.bytes() >= 0) {
                return info;
            }
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw new BadInputException(
                    Problem.of("tensor '" + name + "' has an impossible size")
                            .hint("download the file again"),
                    e);
        }
        throw new IllegalStateException(name);
    }

    /**
     * Whether a view stays inside its storage, and is no larger than it but for axes that it is
     * expanded along: those have a step of 0.
     */
    private static boolean fits(View view, TensorInfo info, long elements) {
        if (view.offset() < 0 || view.offset() > elements) {
            return false;
        }
        if (info.elements() == 0) {
            return true;
        }
        long distinct = info.elements();
        for (int axis = 0; axis < view.dims().length; axis++) {
            distinct /= view.strides()[axis] == 0 ? view.dims()[axis] : 1;
        }
        if (distinct > elements) {
            return false;
        }
        try {
            long last = view.offset();
            for (int axis = 0; axis < view.dims().length; axis++) {
                if (view.strides()[axis] < 0) {
                    return false;
                }
                last =
                        Math.addExact(
                                last,
                                Math.multiplyExact(view.dims()[axis] - 1, view.strides()[axis]));
            }
            return last < elements;
        } catch (ArithmeticException e) {
            return false;
        }
    }

    private static boolean isContiguous(View view) {
        long expected = 1;
        for (int axis = view.dims().length - 1; axis >= 0; axis--) {
            if (view.dims()[axis] == 0) {
                return true;
            }
            if (view.dims()[axis] > 1 && view.strides()[axis] != expected) {
                return false;
            }
            expected *= view.dims()[axis];
        }
        return true;
    }

    /**
     * A head that is the embedding's own storage is written twice by torch, and once by everyone
     * else.
     */
    private void dropTiedHeads() {
        for (Map.Entry<String, View> head : views.entrySet()) {
            boolean same =
                    NonLayerTensors.isHead(head.getKey())
                            && views.entrySet().stream()
                                    .anyMatch(
                                            other ->
                                                    NonLayerTensors.isEmbedding(other.getKey())
                                                            && same(
                                                                    head.getValue(),
                                                                    other.getValue()));
            if (same) {
                tied.add(head.getKey());
                tensors.remove(head.getKey());
            }
        }
    }

    private static boolean same(View a, View b) {
        return a.storage().equals(b.storage())
                && a.offset() == b.offset()
                && a.type() == b.type()
                && Arrays.equals(a.dims(), b.dims())
                && Arrays.equals(a.strides(), b.strides());
    }

    /**
     * Output heads that are the input embedding itself, and therefore are not among the tensors.
     */
    public Set<String> tied() {
        return Collections.unmodifiableSet(tied);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Map<String, TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public long bytesPerReader(int elements) {
        boolean strided = tensors.values().stream().anyMatch(StridedTensor.class::isInstance);
        return strided ? StridedTensor.bytesPerReader(elements) : 0;
    }

    @Override
    public List<Path> weightFiles() {
        return List.of(path);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
