package io.amalgam.internal.kernel.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The processor's vector shapes, as constants the compiler can fold. All of one width, or half of
 * it where lanes are converted.
 */
final class Species {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

    private static final VectorShape HALF_WIDTH =
            VectorShape.forBitSize(FLOATS.vectorBitSize() / 2);

    /** As many shorts as {@link #FLOATS} has floats. */
    static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, HALF_WIDTH);

    /** As many bytes as {@link #FLOATS} has floats; eight where that would be four. */
    static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(
                    byte.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 4)));

    /** As many floats as {@link #DOUBLES} has doubles. */
    static final VectorSpecies<Float> HALF_FLOATS = VectorSpecies.of(float.class, HALF_WIDTH);

    /** Lanes of a float or int vector. */
    static final int LENGTH = FLOATS.length();

    private Species() {}
}
