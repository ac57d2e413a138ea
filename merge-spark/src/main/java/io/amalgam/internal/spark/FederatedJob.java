package io.amalgam.internal.spark;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.CarriedSums;
import io.amalgam.internal.engine.RunningAverage;
import io.amalgam.internal.spark.ClientSums.Client;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** A federated average on Spark: each task adds some clients, the sums are added in a tree. */
public final class FederatedJob {
    private static final int DEPTH = 2;

    /** Tasks for each slot. */
    private static final int TASKS_EACH = 4;

    private FederatedJob() {}

    /**
     * Writes the average to a safetensors file of the driver.
     *
     * @throws BadInputException if no client can be used
     */
    public static ClientSums run(SparkContext context, List<Client> clients, Path average)
            throws IOException {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(context);
        SerializableConfiguration hadoop =
                new SerializableConfiguration(context.hadoopConfiguration());
        List<TensorInfo> tensors = expected(clients, hadoop);
        CarriedSums.requireSmall(tensors);
        Broadcast<byte[]> none =
                spark.broadcast(
                        CarriedSums.bytes(RunningAverage.expecting(ClientSums.format(), tensors)));
        try {
            int tasks =
                    Math.max(1, Math.min(clients.size(), spark.defaultParallelism() * TASKS_EACH));
            FlatMapFunction<java.util.Iterator<Client>, ClientSums> some =
                    part ->
                            List.of(ClientSums.of(() -> part, none.value(), hadoop.value()))
                                    .iterator();
            ClientSums all =
                    spark.parallelize(clients, tasks)
                            .mapPartitions(some)
                            .treeReduce(ClientSums::together, DEPTH);
            RunningAverage sums = CarriedSums.of(ClientSums.format(), all.sums());
            if (sums.clients() == 0) {
                throw new BadInputException(
                        Problem.expected(
                                "clients",
                                "at least one that can be used",
                                "none of "
                                        + clients.size()
                                        + "; '"
                                        + all.bad().get(0).client()
                                        + "': "
                                        + all.bad().get(0).reason()));
            }
            sums.write(average);
            return all;
        } finally {
            none.destroy();
        }
    }

    /** The tensors of the first client that opens: all others must have the same. */
    private static List<TensorInfo> expected(List<Client> clients, SerializableConfiguration hadoop)
            throws IOException {
        for (Client client : clients) {
            Optional<List<TensorInfo>> tensors = ClientSums.tensors(client, hadoop.value());
            if (tensors.isPresent()) {
                return tensors.get();
            }
        }
        throw new BadInputException(
                Problem.expected(
                        "clients", "at least one that opens", "none of " + clients.size()));
    }

    /** How many clients and examples some sums are of. */
    public static RunningAverage sums(ClientSums all) throws IOException {
        return CarriedSums.of(ClientSums.format(), all.sums());
    }
}
