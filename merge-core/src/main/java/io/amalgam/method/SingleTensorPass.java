package io.amalgam.method;

/** A pass over a model of a single tensor, as a pass over that tensor. */
record SingleTensorPass<S>(ModelPass.Pass<S> pass) implements TensorStep.Reduce<S> {
    @Override
    public S newState() {
        return pass.newState();
    }

    @Override
    public void fold(S state, Block in) {
        pass.fold(state, 0, in);
    }

    @Override
    public S merge(S earlier, S later) {
        return pass.merge(earlier, later);
    }

    @Override
    public TensorStep next(S total) {
        return pass.next(total).ofOneTensor();
    }

    @Override
    public boolean anyOrder() {
        return pass.anyOrder();
    }

    @Override
    public boolean reads(int input) {
        return pass.reads(0, input);
    }
}
