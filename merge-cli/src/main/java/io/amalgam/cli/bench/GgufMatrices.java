package io.amalgam.cli.bench;

import io.amalgam.tensor.DType;
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

    /** Types of the most used files: with their numbers in GGUF. */
    private enum Type {
        Q4_0(2, DType.Q4_0),
        Q4_1(3, DType.Q4_1),
        Q5_0(6, DType.Q5_0),
        Q8_0(8, DType.Q8_0),
        Q2_K(10, DType.Q2_K),
        Q3_K(11, DType.Q3_K),
        Q4_K(12, DType.Q4_K),
        Q5_K(13, DType.Q5_K),
        Q6_K(14, DType.Q6_K),
        IQ4_NL(20, DType.IQ4_NL),
        IQ4_XS(23, DType.IQ4_XS);

        private final int number;
        private final DType stored;

        Type(int number, DType stored) {
            this.number = number;
            this.stored = stored;
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
        byte[] data = new byte[(int) type.stored.bytesFor(SIZE * SIZE)];
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
