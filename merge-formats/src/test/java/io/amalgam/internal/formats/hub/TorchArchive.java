package io.amalgam.internal.formats.hub;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** An archive as torch lays it out: aligned data, with its sizes behind it. */
final class TorchArchive {
    private static final int LOCAL = 30;
    private static final int CENTRAL = 46;

    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final List<byte[]> names = new ArrayList<>();
    private final List<int[]> places = new ArrayList<>();

    /** Where headers are. */
    final List<Integer> headers = new ArrayList<>();

    /**
     * @param alignment of data
     */
    TorchArchive entry(String name, int size, int alignment) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        int header = bytes.position();
        int earliest = header + LOCAL + text.length;
        int start = (earliest + alignment - 1) / alignment * alignment;
        bytes.putInt(header, 0x04034b50).putShort(header + 6, (short) 0x808);
        bytes.putShort(header + 26, (short) text.length);
        bytes.putShort(header + 28, (short) (start - earliest));
        bytes.position(header + LOCAL).put(text).position(start);
        byte[] data = new byte[size];
        new Random(size).nextBytes(data);
        bytes.put(data).putInt(0x08074b50).putInt(0).putInt(size).putInt(size);
        names.add(text);
        CRC32 checksum = new CRC32();
        checksum.update(data);
        places.add(new int[] {header, size, (int) checksum.getValue(), start});
        headers.add(header);
        return this;
    }

    /** Where an entry's data begins. */
    int start(int entry) {
        return places.get(entry)[3];
    }

    byte[] whole() {
        int directory = bytes.position();
        for (int i = 0; i < names.size(); i++) {
            int at = bytes.position();
            bytes.putInt(at, 0x02014b50).putShort(at + 8, (short) 0x808);
            bytes.putInt(at + 16, places.get(i)[2]);
            bytes.putInt(at + 20, places.get(i)[1]).putInt(at + 24, places.get(i)[1]);
            bytes.putShort(at + 28, (short) names.get(i).length);
            bytes.putInt(at + 42, places.get(i)[0]);
            bytes.position(at + CENTRAL).put(names.get(i));
        }
        int end = bytes.position();
        bytes.putInt(0x06054b50).putInt(0);
        bytes.putShort((short) names.size()).putShort((short) names.size());
        bytes.putInt(end - directory).putInt(directory).putShort((short) 0);
        byte[] all = new byte[bytes.position()];
        bytes.get(0, all);
        return all;
    }
}
