package io.amalgam.internal.formats.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryChecksTest {
    private static final int SIZE = 5000;

    private final byte[] file = new byte[SIZE];
    private final List<EntryChecks.Entry> entries = new ArrayList<>();

    private void file(Random random) {
        random.nextBytes(file);
        int at = 0;
        while (at < SIZE - 100) {
            int start = at + random.nextInt(50);
            int end = Math.min(SIZE, start + random.nextInt(1200));
            CRC32 checksum = new CRC32();
            checksum.update(file, start, end - start);
            entries.add(new EntryChecks.Entry("e" + at, start, end, (int) checksum.getValue()));
            at = end;
        }
    }

    /** Names of damaged entries after all parts came, in any order and in several pieces. */
    private List<String> fetched(EntryChecks checks, Random random) {
        List<Integer> cuts = new ArrayList<>(List.of(0));
        while (cuts.get(cuts.size() - 1) < SIZE) {
            cuts.add(Math.min(SIZE, cuts.get(cuts.size() - 1) + 1 + random.nextInt(700)));
        }
        List<Integer> parts = new ArrayList<>();
        for (int i = 0; i + 1 < cuts.size(); i++) {
            parts.add(i);
        }
        Collections.shuffle(parts, random);
        List<String> damaged = new ArrayList<>();
        for (int i : parts) {
            EntryChecks.Part part = checks.part(cuts.get(i));
            for (int at = cuts.get(i); at < cuts.get(i + 1); ) {
                int n = Math.min(cuts.get(i + 1) - at, 1 + random.nextInt(300));
                part.update(ByteBuffer.wrap(file, at, n));
                at += n;
            }
            part.end().ifPresent(damaged::add);
        }
        return damaged;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void checksumsOfPartsAreThoseOfTheWhole(int seed) {
        Random random = new Random(seed);
        file(random);

        assertThat(fetched(new EntryChecks(entries, new TreeMap<>()), random)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void oneBitIsSeen(int seed) {
        Random random = new Random(seed);
        file(random);
        EntryChecks.Entry entry = entries.get(random.nextInt(entries.size()));
        int at = (int) entry.start() + random.nextInt((int) (entry.end() - entry.start()));
        file[at] ^= (byte) (1 << random.nextInt(8));

        assertThat(fetched(new EntryChecks(entries, new TreeMap<>()), random))
                .containsExactly(entry.name());
    }

    /** What is read from another place than what came is what is checked. */
    @Test
    void whatIsKnownCounts() {
        Random random = new Random(7);
        file(random);
        TreeMap<Long, byte[]> known = new TreeMap<>();
        known.put(1000L, Arrays.copyOfRange(file, 1000, 2500));
        Arrays.fill(file, 1000, 2500, (byte) 0);

        assertThat(fetched(new EntryChecks(entries, known), random)).isEmpty();
    }

    @Test
    void filesWithoutChecksumsAreNotChecked() {
        EntryChecks.Part part = EntryChecks.none().part(5);

        part.update(ByteBuffer.wrap(file));

        assertThat(part.end()).isEqualTo(Optional.empty());
    }
}
