package io.amalgam;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Between stored tensors and ND4J's arrays. */
final class ArrayTypes {
    private ArrayTypes() {}

    /** ND4J's type for a stored one; FLOAT for F8 and blocks, which ND4J has no types for. */
    static DataType of(TensorInfo info) {
        return switch (info.dtype()) {
            case BOOL -> DataType.BOOL;
            case U8 -> DataType.UINT8;
            case I8 -> DataType.INT8;
            case U16 -> DataType.UINT16;
            case I16 -> DataType.INT16;
            case U32 -> DataType.UINT32;
            case I32 -> DataType.INT32;
            case U64 -> DataType.UINT64;
            case I64 -> DataType.INT64;
            case F16 -> DataType.FLOAT16;
            case BF16 -> DataType.BFLOAT16;
            case F64 -> DataType.DOUBLE;
            default -> {
                if (info.dtype().arithmetic()) {
                    yield DataType.FLOAT;
                }
                throw new BadInputException(
                        Problem.expected(
                                "tensor '" + info.name() + "'", "a type ND4J has", info.dtype()));
            }
        };
    }

    /** Whether ND4J's arrays of a type hold the bytes that files hold. */
    static boolean sameBytes(TensorInfo info) {
        return info.dtype().blockElements() == 1 && of(info).width() == info.dtype().blockBytes();
    }

    /** The stored type for an array's. */
    static DType of(INDArray array) {
        return switch (array.dataType()) {
            case BOOL -> DType.BOOL;
            case UBYTE -> DType.U8;
            case BYTE -> DType.I8;
            case UINT16 -> DType.U16;
            case SHORT -> DType.I16;
            case UINT32 -> DType.U32;
            case INT -> DType.I32;
            case UINT64 -> DType.U64;
            case LONG -> DType.I64;
            case HALF -> DType.F16;
            case BFLOAT16 -> DType.BF16;
            case FLOAT -> DType.F32;
            case DOUBLE -> DType.F64;
            default ->
                    throw new BadInputException(
                            Problem.expected(
                                    "array", "a type that files can hold", array.dataType()));
        };
    }

    /** Row-major float32 values of any floating array. */
    static float[] floats(INDArray array) {
        INDArray plain = array.dataType() == DataType.FLOAT ? array : array.castTo(DataType.FLOAT);
        return plain.dup('c').data().asFloat();
    }

    /** A FLOAT array of these row-major values. */
    static INDArray array(float[] values, long... shape) {
        if (shape.length == 0) {
            return Nd4j.scalar(values[0]);
        }
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    static Shape shape(INDArray array) {
        return Shape.of(array.shape());
    }

    /** An array as a tensor: ND4J's empty arrays without a shape are vectors of no elements. */
    static TensorInfo info(String name, INDArray array) {
        boolean shapeless = array.isEmpty() && array.shape().length == 0;
        return new TensorInfo(name, of(array), shapeless ? Shape.of(0) : shape(array));
    }
}
