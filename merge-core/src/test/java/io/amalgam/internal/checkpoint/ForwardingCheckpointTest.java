package io.amalgam.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.Checkpoint;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ForwardingCheckpointTest {
    @Test
    void forwardsEveryMethodOfThePort() {
        for (Method method : Checkpoint.class.getMethods()) {
            assertThat(ForwardingCheckpoint.class.getDeclaredMethods())
                    .as(method.getName())
                    .anyMatch(
                            own ->
                                    own.getName().equals(method.getName())
                                            && Arrays.equals(
                                                    own.getParameterTypes(),
                                                    method.getParameterTypes()));
        }
    }
}
