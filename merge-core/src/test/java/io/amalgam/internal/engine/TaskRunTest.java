package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskRunTest {
    /** Sums are merged unit by unit: another size gives other last bits. */
    @ParameterizedTest
    @CsvSource({
        "1, 262144",
        "16, 262144",
        "1000, 262000",
        "262143, 262143",
        "262144, 262144",
        "262145, 262145",
        "10000000000, 10000000000"
    })
    void unitsHoldWholeRowsAndNeverChange(long rowLength, long elements) {
        assertThat(TaskRun.unitElements(rowLength)).isEqualTo(elements);
    }
}
