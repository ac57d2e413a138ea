package io.amalgam.internal.plan;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.StatefulMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * The making of new state: what writes the tensors that a method keeps.
 *
 * @param method whose state it is
 * @param part the name of what is kept
 */
public record StatePart(StatefulMethod method, String part) implements MergeMethod {
    /** That of the method, under the name of both. */
    @Override
    public MethodInfo info() {
        MethodInfo info = method.info();
        return new MethodInfo(
                info.name() + " " + part,
                "what '" + info.name() + "' keeps for its next merge",
                info.formula(),
                info.base(),
                info.minModels(),
                info.maxModels(),
                List.of(),
                info.paper(),
                info.cost());
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return method.bindState(call, part);
    }
}
