package io.amalgam.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.stages.PlannedModel;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * One contract for every {@link TensorSource} and every {@link Checkpoint} there is: those of all
 * models, adapters and plans of the test resources, with all that they are made of. The last test
 * fails when there is a class that none of them is of.
 */
class ContractTest {
    /** Of a class within one model: more are alike. */
    private static final int MOST_ALIKE = 4;

    /** What has no place here. */
    private static final Map<String, String> ELSEWHERE =
            Map.of(
                    "io.amalgam.ArrayModel", "needs ND4J: CheckpointsTest of merge-core",
                    "io.amalgam.ArrayModel$ArraySource", "the same");

    @TempDir private static Path temp;

    private final SourceContract sources = new SourceContract();
    private final Set<String> seen = new TreeSet<>();

    @TestFactory
    Stream<DynamicTest> contract() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Subjects.Subject subject : Subjects.all(temp)) {
            tests.add(DynamicTest.dynamicTest(subject.name(), () -> check(subject)));
        }
        assertThat(tests).hasSizeGreaterThan(200);
        tests.add(DynamicTest.dynamicTest("every implementation", this::nothingIsForgotten));
        return tests.stream();
    }

    private void check(Subjects.Subject subject) throws Exception {
        try (Closeable opened = subject.opening().open()) {
            for (Preparation preparation : Reachable.from(opened, Preparation.class)) {
                preparation.run(new PlainContext());
            }
            for (Checkpoint checkpoint : Reachable.from(opened, Checkpoint.class)) {
                seen.add(checkpoint.getClass().getName());
                CheckpointContract.check(checkpoint);
                int some = 0;
                for (TensorSource source : checkpoint.tensors().values()) {
                    // A stage that is not read through is written before it is read.
                    boolean later =
                            checkpoint.getClass().getSimpleName().equals("StageCheckpoint")
                                    && (checkpoint.bytesPerReader(1) == 0
                                            || opened instanceof PlannedModel);
                    if (!later && some++ < 40) {
                        CheckpointContract.checkMemory(checkpoint, source);
                    }
                }
            }
            Map<Class<?>, Integer> alike = new HashMap<>();
            for (TensorSource source : Reachable.from(opened, TensorSource.class)) {
                seen.add(source.getClass().getName());
                if (isReplaced(opened, source)) {
                    continue;
                }
                if (alike.merge(source.getClass(), 1, Integer::sum) <= MOST_ALIKE) {
                    try {
                        sources.check(subject.scope(), source);
                    } catch (AssertionError | RuntimeException e) {
                        throw new AssertionError(
                                source.getClass().getSimpleName() + " " + source.info(), e);
                    }
                }
            }
        }
    }

    /** Whether a model that is never written reads another source in a stage's place. */
    private static boolean isReplaced(Closeable opened, TensorSource source) {
        return opened instanceof PlannedModel model
                && source.getClass().getSimpleName().equals("StageTensor")
                && !model.tensors().containsValue(source);
    }

    private void nothingIsForgotten() {
        Set<String> all = new TreeSet<>();
        for (JavaClass each :
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("io.amalgam")) {
            boolean port =
                    each.isAssignableTo(TensorSource.class)
                            || each.isAssignableTo(Checkpoint.class);
            if (port
                    && !each.isInterface()
                    && !each.getModifiers().contains(JavaModifier.ABSTRACT)) {
                all.add(each.getName());
            }
        }
        assertThat(all).hasSizeGreaterThan(25);
        all.removeAll(ELSEWHERE.keySet());
        all.removeAll(seen);
        assertThat(all).as("without a subject in Subjects").isEmpty();
        assertThat(Collections.disjoint(seen, ELSEWHERE.keySet())).isTrue();
    }
}
