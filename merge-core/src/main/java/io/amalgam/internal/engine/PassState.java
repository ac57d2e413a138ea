package io.amalgam.internal.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.Optional;

/**
 * States of passes as bytes. A state is serialisable as far as this project's methods go; that of a
 * plug-in may not be, and is then computed wherever it is needed.
 */
final class PassState {
    private PassState() {}

    /** A state's bytes; empty if it has none. */
    static Optional<byte[]> bytes(Object state) throws IOException {
        if (!(state instanceof Serializable)) {
            return Optional.empty();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(state);
        }
        return Optional.of(bytes.toByteArray());
    }

    /** The state of {@link #bytes}: arrays of numbers, and classes of this project. */
    static Object of(byte[] bytes) throws IOException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            in.setObjectInputFilter(PassState::allowed);
            return in.readObject();
        } catch (ClassNotFoundException e) {
            throw new IOException("the state of a pass has an unknown class", e);
        }
    }

    private static ObjectInputFilter.Status allowed(ObjectInputFilter.FilterInfo info) {
        Class<?> type = info.serialClass();
        while (type != null && type.isArray()) {
            type = type.getComponentType();
        }
        return type == null || type.isPrimitive() || type.getName().startsWith("io.amalgam.")
                ? ObjectInputFilter.Status.UNDECIDED
                : ObjectInputFilter.Status.REJECTED;
    }
}
