package io.amalgam.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/**
 * Gives changed files to a reader. The suite runs a fixed number; {@code make fuzz} lets Jazzer
 * search on from the same seeds.
 */
public final class Fuzzing {
    private Fuzzing() {}

    /** A reader. */
    @FunctionalInterface
    public interface Target {
        /**
         * @return whether the bytes are accepted; fails for anything but that and a refusal
         */
        boolean accepts(byte[] bytes) throws Exception;
    }

    /** How many were read and refused. */
    public record Counts(int accepted, int refused) {
        /** Else the changes would break everything at once, or nothing. */
        public void areBothAtLeast(int number) {
            assertThat(accepted).as("accepted").isGreaterThanOrEqualTo(number);
            assertThat(refused).as("refused").isGreaterThanOrEqualTo(number);
        }
    }

    /** Reads {@code number} changed seeds; a failure tells the bytes. */
    public static Counts run(
            int number,
            Mutations mutations,
            List<byte[]> seeds,
            List<byte[]> valid,
            Target target) {
        Random random = new Random(20_240_229);
        int accepted = 0;
        for (int i = 0; i < number; i++) {
            List<byte[]> from = random.nextBoolean() ? valid : seeds;
            byte[] bytes = from.get(random.nextInt(from.size()));
            do {
                bytes = mutations.change(bytes, seeds, random);
            } while (random.nextBoolean());
            try {
                accepted += target.accepts(bytes) ? 1 : 0;
            } catch (Exception | Error e) {
                throw new AssertionError(
                        "input " + i + ": " + Base64.getEncoder().encodeToString(bytes), e);
            }
        }
        return new Counts(accepted, number - accepted);
    }

    /** A refusal says what is wrong, in lines of their own and of a length for people. */
    public static void assertRefusal(BadInputException e) {
        assertThat(e.problems()).isNotEmpty();
        for (Problem problem : e.problems()) {
            assertThat(problem.what()).isNotBlank();
            assertThat(problem.where()).as(problem.toString()).isNotBlank();
            assertThat(problem.toString()).hasSizeLessThan(4000);
            assertThat(problem.toString().chars())
                    .as("control characters in %s", problem)
                    .noneMatch(Character::isISOControl);
        }
    }
}
