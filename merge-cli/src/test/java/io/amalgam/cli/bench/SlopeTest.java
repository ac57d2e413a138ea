package io.amalgam.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlopeTest {
    private static BenchCase named(String name) {
        return BenchCase.chosen(List.of(name)).get(0);
    }

    @Test
    void startAndGigabyteAreToldApart() {
        List<Slope.Point> points = new ArrayList<>();
        for (long gigabytes = 1; gigabytes <= 3; gigabytes++) {
            Bench.Result result =
                    new Bench.Result(
                            named("ties"),
                            List.of(0.5 + 2.0 * gigabytes, 99.0, 0.1),
                            List.of(0.2 + 0.8 * gigabytes),
                            1,
                            1);
            points.add(new Slope.Point(gigabytes * 1_000_000_000, result));
        }

        Slope slope = Slope.of(points).get(0);

        assertThat(slope.merge().seconds()).isCloseTo(0.5, within(1e-9));
        assertThat(slope.merge().perGigabyte()).isCloseTo(2.0, within(1e-9));
        assertThat(slope.floor().seconds()).isCloseTo(0.2, within(1e-9));
        assertThat(slope.timesFloor()).isCloseTo(2.5, within(1e-9));
        assertThat(slope.points()).isEqualTo(points);
        assertThat(points.get(1).seconds()).isEqualTo(4.5);
        assertThat(points.get(1).floorSeconds()).isEqualTo(1.8);
    }

    @Test
    void twoModelsAndTheirBaseAreLeft() {
        BenchCase ties = named("ties").ofTwo();
        BenchCase linear = named("linear").ofTwo();

        assertThat(ties.inputs()).isEqualTo(3);
        assertThat(ties.models()).isEqualTo(3);
        assertThat(ties.recipe("models", 22))
                .contains("models/tuned-2")
                .doesNotContain("models/tuned-3");
        assertThat(linear).isEqualTo(named("linear"));
    }
}
