package io.amalgam.internal.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(OS.WINDOWS)
class ScoreProcessTest {
    private static double score(String script, Cancellation cancellation) throws IOException {
        return ScoreCommand.parse("sh -c \"" + script + "\"", 60)
                .score(Path.of("model"), cancellation);
    }

    private static double score(String script) throws IOException {
        return score(script, new Cancellation());
    }

    /** Of all that a command prints, only the end is read. */
    @Test
    void longOutputIsNoTrouble() throws IOException {
        assertThat(score("head -c 9000000 /dev/zero; echo; echo 0.25; echo")).isEqualTo(0.25);
        assertThat(score("printf '0.5'")).isEqualTo(0.5);
        assertThatThrownBy(() -> score("head -c 9000000 /dev/zero | tr '\\0' y"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("got '" + "y".repeat(200) + "...'");
    }

    /** Ctrl-C reaches the command too; what it did with it is no judgement of the model. */
    @Test
    void aCommandThatIsStoppedWithTheSearchIsNoFailure() {
        Cancellation later = new Cancellation();
        new Thread(later::cancel).start();
        assertThatThrownBy(() -> score("kill -INT $$", later))
                .isInstanceOf(MergeCancelledException.class);
    }

    /** They are meant for this program. */
    @Test
    void variablesOfTheLauncherAreNotPassedOn() throws IOException {
        // Shells set those of their own again.
        String own = "PATH|HOME|PWD|OLDPWD|SHLVL|SHELL|TERM|HOSTNAME|_.*|.*[^A-Z_].*";
        String name =
                System.getenv().keySet().stream()
                        .filter(key -> !key.matches(own))
                        .findFirst()
                        .orElse("");
        Assumptions.assumeFalse(name.isEmpty());
        String there = "printenv " + name + " >/dev/null && echo 1 || echo 0";
        assertThat(score(there)).isEqualTo(1);
        System.setProperty("amalgam.launcher.variables", "NONE:" + name);
        try {
            assertThat(score(there)).isEqualTo(0);
        } finally {
            System.clearProperty("amalgam.launcher.variables");
        }
    }

    /** A crash of the command alone is one. */
    @Test
    void aCommandThatASignalEndsFails() {
        assertThatThrownBy(() -> score("kill -KILL $$"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected exit code 0, got 137");
    }
}
