package io.amalgam.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailureTest {
    @ParameterizedTest
    @MethodSource("failures")
    void saysWhichFileAndWhy(Throwable e, String message) {
        Failure failure = Failure.of(e, true);

        assertThat(failure.exit()).isEqualTo(1);
        assertThat(failure.problems()).singleElement().hasToString(message);
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new NoSuchFileException("a/b"), "no such file 'a/b'; check the path"),
                Arguments.of(
                        new AccessDeniedException("a"),
                        "no permission for 'a'; change its permissions, or run as another user"),
                Arguments.of(
                        new FileAlreadyExistsException("a"),
                        "'a': expected a directory or nothing, got a file"),
                Arguments.of(
                        new IOException("No space left on device"),
                        "no space left on device; free some space, then give the same command with --resume"),
                Arguments.of(
                        new FileSystemException("a", null, "Disk quota exceeded"),
                        "'a': disk quota exceeded; free some space, then give the same command with --resume"),
                Arguments.of(
                        new UncheckedIOException(new IOException("Input/output error")),
                        "input/output error; check the disk"),
                Arguments.of(
                        new FileSystemException("a", null, "File too large"),
                        "'a': file too large; raise the limit ('ulimit -f'), or choose an output on a file system that takes larger files"),
                Arguments.of(
                        new FileSystemException("a", null, "Read-only file system"),
                        "'a': read-only file system; choose an output directory that can be written to"),
                Arguments.of(new EOFException(), "reading or writing failed: EOFException"),
                Arguments.of(
                        new ServiceConfigurationError("X: Provider Y not found"),
                        "a plug-in cannot be loaded: X: Provider Y not found; check the jars in AMALGAM_CLASSPATH"),
                Arguments.of(
                        new IllegalStateException("why"),
                        "unexpected java.lang.IllegalStateException: why; give --debug for the stack trace, and report it"));
    }

    @Test
    void whatCannotBeResumedIsGivenAgain() {
        assertThat(Failure.of(new IOException("No space left on device"), false).problems())
                .singleElement()
                .hasToString(
                        "no space left on device; free some space, then give the same command again");
    }

    @Test
    void badInputKeepsItsProblems() {
        Problem problem = Problem.of("bad").at("here");

        assertThat(Failure.of(new BadInputException(problem), true).problems())
                .containsExactly(problem);
        assertThat(Failure.of(new BadInputException(problem), true).exit()).isEqualTo(3);
    }

    @Test
    void noPlaceToWriteToIsNoBadInput() {
        Problem space = Problem.expected("space", "2 bytes", "1").ofStorage();

        assertThat(Failure.of(new BadInputException(space), true).exit()).isEqualTo(1);
        assertThat(
                        Failure.of(new BadInputException(List.of(space, Problem.of("bad"))), true)
                                .exit())
                .isEqualTo(3);
    }

    @Test
    void warningsStayBesideTheProblems() {
        List<Problem> warnings = List.of(Problem.of("odd"));

        assertThat(Failure.of(new BadInputException(List.of(Problem.of("bad")), warnings), true))
                .isEqualTo(new Failure(3, List.of(Problem.of("bad")), warnings));
    }

    @Test
    void memoryHasAWayOut() {
        Failure failure = Failure.of(new OutOfMemoryError("Java heap space"), true);

        assertThat(failure.exit()).isEqualTo(1);
        assertThat(failure.problems().get(0).toString())
                .startsWith("out of memory: Java heap space, with a heap of ")
                .matches(".*; set AMALGAM_JAVA_OPTS=-Xmx[1-9][0-9]*g for more heap");
    }

    /** What a plan takes does not depend on threads; what they merge with does. */
    @Test
    void fewerThreadsHelpOnlyWhereTheyWork() {
        OutOfMemoryError inWorker = new OutOfMemoryError("Java heap space");
        inWorker.setStackTrace(
                new StackTraceElement[] {
                    new StackTraceElement(
                            "io.amalgam.internal.engine.Worker", "run", "Worker.java", 1)
                });

        assertThat(Failure.of(inWorker, true).problems().get(0).hint())
                .endsWith("g for more heap, or use fewer threads (-j)");
    }
}
