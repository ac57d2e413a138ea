package io.amalgam.cli.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** GGUF files of one matrix of made-up codes each. */
final class GgufMatrices {
    private static final int SIZE = 4096;
    private static final int DATA = 256;
    private static final int STRING = 8;

    /** Numbers below 2, where bytes are read as the upper half of a float16. */
    private static final int SMALL = 0x3F;

    /** Types of the most used files: number in GGUF, elements and bytes of a block. */
    private enum Type {
        Q4_0(2, 32, 18),
        Q4_1(3, 32, 20),
        Q5_0(6, 32, 22),
        Q8_0(8, 32, 34),
        Q2_K(10, 256, 84),
        Q3_K(11, 256, 110),
        Q4_K(12, 256, 144),
        Q5_K(13, 256, 176),
        Q6_K(14, 256, 210),
        IQ4_NL(20, 32, 18),
        IQ4_XS(23, 256, 136);

        private final int number;
        private final int elements;
        private final int bytes;

        Type(int number, int elements, int bytes) {
            this.number = number;
            this.elements = elements;
            this.bytes = bytes;
        }
    }

    private GgufMatrices() {}

    /** Writes the files; returns them. */
    static List<Path> write(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Type type : Type.values()) {
            Path file = folder.resolve(type + ".gguf");
            Files.write(file, bytes(type));
            files.add(file);
        }
        return files;
    }

    private static byte[] bytes(Type type) {
        byte[] data = new byte[SIZE * SIZE / type.elements * type.bytes];
        new Random(1).nextBytes(data);
        for (int i = 0; i < data.length; i++) {
            data[i] &= SMALL;
        }
        ByteBuffer file = ByteBuffer.allocate(DATA + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(1).putLong(1);
        string(file, "general.architecture");
        file.putInt(STRING);
        string(file, "synthetic");
        string(file, "blk.0.ffn_up.weight");
        file.putInt(2).putLong(SIZE).putLong(SIZE).putInt(type.number).putLong(0);
        // The data begin at the next multiple of 32.
        int begin = (file.position() + 31) / 32 * 32;
        file.position(begin).put(data);
        byte[] bytes = new byte[begin + data.length];
        file.rewind().get(bytes);
        return bytes;
    }

    private static void string(ByteBuffer file, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        file.putLong(bytes.length).put(bytes);
    }
}
