package io.amalgam.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.internal.kernel.ScalarKernels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class WorkspaceTest {
    private final Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 100);

    @Test
    void holdsOneBlockOfTheWidestType() {
        assertThat(workspace.capacity()).isEqualTo(100);
        assertThat(workspace.shorts()).hasSize(100);
        assertThat(workspace.kernels()).isSameAs(ScalarKernels.INSTANCE);
        assertThat(workspace.bytes(800).limit()).isEqualTo(800);
        assertThatThrownBy(() -> workspace.bytes(801)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Workspace.bytesHeld(100)).isEqualTo(1000);
    }

    @Test
    void handsOutTheSameBufferFromItsStart() {
        ByteBuffer first = workspace.bytes(16).putLong(1).putInt(2);
        ByteBuffer second = workspace.bytes(8);
        assertThat(second).isSameAs(first);
        assertThat(second.position()).isZero();
        assertThat(second.limit()).isEqualTo(8);
        assertThat(second.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        assertThat(second.get(0)).isEqualTo((byte) 1);
    }
}
