package io.amalgam.spark;

import io.amalgam.Amalgam;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.RunningAverage;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.spark.ClientSums;
import io.amalgam.internal.spark.FederatedJob;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkContext;

/**
 * Federated rounds of many clients on Spark:
 *
 * <pre>{@code
 * SparkFederated clients = SparkFederated.of(sc, SparkFederated.listing(Path.of("clients.tsv")));
 * clients.average(Path.of("round-7.safetensors"));
 * clients.update("fedadam", Map.of("server_lr", 0.01), Path.of("round-6"), Path.of("round-7"));
 * }</pre>
 *
 * <p>The average is {@code sum n_k x_k / sum n_k} with float64 sums, so the order of the clients
 * matters to their last bits alone. Clients that cannot be read, have other tensors than the first
 * one, or hold NaN or infinities are left out and reported. Immutable and thread-safe.
 */
public final class SparkFederated {
    private final SparkContext context;
    private final List<Client> clients;

    /**
     * @param model a model folder or weights file that all machines see, or a weights file in a
     *     store ({@code s3a://...})
     * @param examples the client learnt from; 0 if its metadata says it
     */
    public record Client(String model, double examples) {}

    /**
     * A round.
     *
     * @param clients that count
     * @param examples they have together
     * @param leftOut the other clients, by their models, each with the reason
     */
    public record Round(long clients, double examples, Map<String, String> leftOut) {
        public Round {
            leftOut = Map.copyOf(leftOut);
        }
    }

    private SparkFederated(SparkContext context, List<Client> clients) {
        this.context = context;
        this.clients = List.copyOf(clients);
    }

    public static SparkFederated of(SparkContext context, List<Client> clients) {
        return new SparkFederated(context, clients);
    }

    /**
     * Reads a listing: a line for each client, its model, and after a tab its examples if its
     * metadata does not have them.
     *
     * @throws BadInputException if a line has something else
     */
    public static List<Client> listing(Path file) throws IOException {
        List<Client> clients = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            String[] parts = line.split("\t", -1);
            try {
                clients.add(
                        new Client(parts[0], parts.length > 1 ? Double.parseDouble(parts[1]) : 0));
            } catch (NumberFormatException e) {
                throw new BadInputException(
                        Problem.expected(
                                        "examples of client '" + parts[0] + "'",
                                        "a number",
                                        "'" + parts[1] + "'")
                                .at(file + ":" + number));
            }
        }
        return clients;
    }

    /**
     * Averages.
     *
     * @param file a safetensors file of the driver's, written whole or not at all
     * @throws BadInputException if no client can be used
     */
    public Round average(Path file) throws IOException {
        List<ClientSums.Client> all =
                clients.stream()
                        .map(client -> new ClientSums.Client(client.model, client.examples))
                        .toList();
        ClientSums sums = FederatedJob.run(context, all, file);
        Map<String, String> leftOut = new java.util.TreeMap<>();
        sums.bad().forEach(bad -> leftOut.put(bad.client(), bad.reason()));
        RunningAverage average = FederatedJob.sums(sums);
        return new Round(average.clients(), average.examples(), leftOut);
    }

    /**
     * Averages, and lets a server optimiser take the average as its step; its state lies beside the
     * model.
     *
     * @param method {@code fedavgm} or {@code fedadam}
     * @param parameters of the method
     * @param last the model of the last round, with the optimiser's state unless it is the first
     * @param next a new or empty directory for the model of this round
     * @throws BadInputException if no client can be used, or the average does not fit the model
     */
    public Round update(String method, Map<String, Double> parameters, Path last, Path next)
            throws IOException {
        Path scratch = Files.createTempDirectory("amalgam-round-");
        try {
            Path average = scratch.resolve("average.safetensors");
            Round round = average(average);
            StringBuilder recipe = new StringBuilder("merge_method: " + method + "\n");
            recipe.append("base_model: ").append(quoted(last)).append('\n');
            recipe.append("models: [{model: ").append(quoted(average));
            recipe.append(", parameters: {examples: ").append(plain(round.examples));
            recipe.append("}}]\n");
            recipe.append("parameters:\n");
            parameters.forEach(
                    (name, value) ->
                            recipe.append("  ")
                                    .append(name)
                                    .append(": ")
                                    .append(plain(value))
                                    .append('\n'));
            if (parameters.isEmpty()) {
                recipe.append("  {}\n");
            }
            try (MergePlan plan =
                    Amalgam.load()
                            .plan(
                                    Amalgam.recipes(recipe.toString(), "round", true)
                                            .result()
                                            .orElseThrow(),
                                    PlanOptions.DEFAULT)) {
                Amalgam.run(plan, next, Amalgam.engine(), MergeListener.NONE, new Cancellation());
            }
            return round;
        } finally {
            FileWrites.deleteTree(scratch);
        }
    }

    private static String quoted(Path path) {
        return "'" + path.toAbsolutePath().toString().replace("'", "''") + "'";
    }

    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : String.format(Locale.ROOT, "%.17g", number);
    }
}
