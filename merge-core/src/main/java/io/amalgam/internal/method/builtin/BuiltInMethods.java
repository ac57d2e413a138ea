package io.amalgam.internal.method.builtin;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The merge methods of this project. */
public final class BuiltInMethods {
    private BuiltInMethods() {}

    /** One line each. */
    public static List<MergeMethod> all() {
        List<MergeMethod> all = new ArrayList<>();
        all.add(new Linear());
        all.add(new Slerp());
        all.add(new NuSlerp());
        all.add(new MultiSlerp());
        all.add(new Karcher());
        all.add(new ModelStock());
        all.add(new NearSwap());
        all.add(new ArceeFusion());
        all.add(new GeometricMedian());
        all.addAll(TrimmedMean.family());
        all.addAll(TaskArithmeticFamily.all());
        all.add(new Sce());
        all.addAll(Ram.both());
        all.add(new ConsensusMasks());
        all.add(new Cabs());
        all.add(new TsvM());
        all.add(new IsoC());
        all.add(new IsoCts());
        all.add(new Ace());
        all.add(new Wudi());
        all.add(new Emr());
        all.add(new Svc());
        all.add(new Fisher());
        all.add(new RegMean());
        all.add(new Mats());
        all.add(new Passthrough());
        all.add(new Pcb());
        all.add(new Krum());
        all.addAll(Averages.family());
        all.add(new FedAvg());
        all.add(new FedAvgM());
        all.add(new FedAdam());
        return List.copyOf(all);
    }

    /** The built-in methods and every {@link MergeMethod} that {@link ServiceLoader} finds. */
    public static MethodRegistry load() {
        List<MergeMethod> methods = new ArrayList<>(all());
        ServiceLoader.load(MergeMethod.class).forEach(methods::add);
        return MethodRegistry.of(methods);
    }
}
