package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlanDigestTest {
    /**
     * Computed by Python's hashlib and struct: the same on every Java, for as long as plans are.
     */
    @Test
    void dependsOnValuesAlone() {
        PlanDigest digest = new PlanDigest();
        digest.text("größe");
        digest.integer(-7);
        digest.real(2e23);
        digest.values(Map.of("b", true, "a", 0.1, "c", List.of("x", 5L)));
        digest.tensor(new TensorInfo("w", DType.BF16, Shape.of(2, 3)));
        digest.bytes(new byte[] {1, -1});
        assertThat(digest.hex())
                .isEqualTo("31877bfc06511902fc516b19dfac03ac712db1d66bffa8600c45d0e1cccb3a23");
    }

    @Test
    void pieceBordersCount() {
        assertThat(texts("ab", "c")).isNotEqualTo(texts("a", "bc"));
    }

    private static String texts(String... all) {
        PlanDigest digest = new PlanDigest();
        for (String text : all) {
            digest.text(text);
        }
        return digest.hex();
    }

    @Test
    void otherTypesAreNoValues() {
        assertThatThrownBy(() -> new PlanDigest().values(Map.of("a", new Object())))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
