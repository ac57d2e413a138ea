package io.amalgam.cli;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One entry of {@code bad-inputs/cases.txt}; README.md beside that file says how entries are
 * written.
 *
 * @param given what is given, for readers
 * @param steps what makes the files
 * @param command the words after {@code amalgam}
 * @param ownProcess whether it runs in a Java without the incubator module
 * @param messages the lines that must appear, each with {@code error: } or {@code warning: }
 */
record BadInput(
        String group,
        String id,
        String given,
        List<Step> steps,
        List<String> command,
        boolean ownProcess,
        int exit,
        List<String> messages) {

    /** The variables before the command. */
    Map<String, String> environment() {
        Map<String, String> variables = new TreeMap<>();
        command.stream()
                .takeWhile(BadInput::isVariable)
                .map(word -> word.split("=", 2))
                .forEach(pair -> variables.put(pair[0], pair[1]));
        return variables;
    }

    /** The words after the variables. */
    List<String> words() {
        return command.stream().dropWhile(BadInput::isVariable).toList();
    }

    private static boolean isVariable(String word) {
        return word.matches("HF_\\w+=.*");
    }

    /** A line that makes or changes a file, and the indented lines that belong to it. */
    record Step(String verb, String argument, List<String> lines) {}

    /** The entries in their order; the first is the folder every other starts from. */
    static List<BadInput> all() throws IOException {
        List<BadInput> all = new ArrayList<>();
        String group = "";
        for (String section : resource("cases.txt").split("(?m)^(?===== |#### )")) {
            List<String> lines = section.lines().filter(line -> !line.isBlank()).toList();
            if (section.startsWith("==== ")) {
                group = lines.get(0).substring(5);
            } else if (section.startsWith("#### ")) {
                all.add(parse(group, lines));
            }
        }
        return all;
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = BadInput.class.getResourceAsStream("/bad-inputs/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        }
    }

    private static BadInput parse(String group, List<String> lines) {
        String[] title = lines.get(0).substring(5).split(": ", 2);
        List<Step> steps = new ArrayList<>();
        List<String> command = List.of();
        boolean ownProcess = false;
        int exit = 0;
        List<String> messages = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] words = line.split(" ", 2);
            switch (words[0]) {
                case "|" -> steps.get(steps.size() - 1).lines().add(line.substring(2));
                case "$" -> command = command(words[1]);
                case "$$" -> {
                    command = command(words[1]);
                    ownProcess = true;
                }
                case "exit" -> exit = Integer.parseInt(words[1]);
                case "error:", "warning:" -> messages.add(line);
                default -> steps.add(new Step(words[0], words[1], new ArrayList<>()));
            }
        }
        return new BadInput(
                group, title[0], title[1], steps, command, ownProcess, exit, List.copyOf(messages));
    }

    private static List<String> command(String line) {
        return Arrays.stream(line.split(" "))
                .filter(word -> !word.equals("amalgam"))
                .map(word -> word.equals("''") ? "" : word)
                .toList();
    }

    void makeFiles(Path folder) throws IOException {
        for (Step step : steps) {
            String[] words = step.argument().split(" ");
            Path file = folder.resolve(words[0]);
            Files.createDirectories(file.getParent());
            switch (step.verb()) {
                case "file" -> Files.write(file, step.lines());
                case "bytes" -> Files.write(file, HexFormat.of().parseHex(step.lines().get(0)));
                case "tensors" -> tensors(file, step.lines());
                case "header" -> header(file, step.lines().get(0), Integer.parseInt(words[1]));
                case "cut" -> cut(file, Integer.parseInt(words[1]));
                case "folder" -> Files.createDirectories(file);
                case "link" -> Files.createSymbolicLink(file, Path.of(words[1]));
                case "remove" -> Files.delete(file);
                default -> throw new IllegalArgumentException("unknown step: " + step);
            }
        }
    }

    /**
     * Lines of {@code name type 2x3 value}, the value in every element, and of {@code metadata key
     * value}.
     */
    private static void tensors(Path file, List<String> lines) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        Map<String, String> metadata = new TreeMap<>(Map.of("format", "pt"));
        for (String line : lines) {
            String[] words = line.split(" ");
            if (words[0].equals("metadata")) {
                metadata.put(words[1], words[2]);
                continue;
            }
            long[] dims = Arrays.stream(words[2].split("x")).mapToLong(Long::parseLong).toArray();
            DType dtype = DType.valueOf(words[1]);
            if (dtype == DType.F32) {
                tensors.add(Models.filled(words[0], Float.parseFloat(words[3]), dims));
                continue;
            }
            Shape shape = Shape.of(dims);
            byte[] data = new byte[(int) dtype.bytesFor(shape.elements())];
            Arrays.fill(data, Byte.parseByte(words[3]));
            tensors.add(NamedTensor.ofBytes(words[0], dtype, shape, data));
        }
        SafetensorsWriter.write(file, tensors, metadata);
    }

    /** A header as it stands, with its length before it and zeros behind. */
    private static void header(Path file, String header, int zeros) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes =
                ByteBuffer.allocate(Long.BYTES + text.length + zeros)
                        .order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, bytes.putLong(text.length).put(text).array());
    }

    private static void cut(Path file, int length) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        }
    }
}
