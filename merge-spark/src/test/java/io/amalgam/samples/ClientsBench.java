package io.amalgam.samples;

import io.amalgam.FederatedAverager;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.spark.SparkFederated;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/** Times rounds of many small clients, by Spark in this process and one after the other. */
public final class ClientsBench {
    private static final int PARAMETERS = 25_000;

    private ClientsBench() {}

    /**
     * @param args a folder, a number of clients, and what to time: spark or alone
     */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        List<SparkFederated.Client> clients = clients(folder, Integer.parseInt(args[1]));
        if (args[2].equals("spark")) {
            SparkContext context =
                    SparkContext.getOrCreate(
                            new SparkConf()
                                    .setMaster("local[2]")
                                    .setAppName("clients")
                                    .set("spark.ui.enabled", "false")
                                    .set("spark.driver.host", "127.0.0.1")
                                    .set("spark.driver.bindAddress", "127.0.0.1"));
            for (int round = 0; round < 3; round++) {
                long begin = System.nanoTime();
                SparkFederated.of(context, clients).average(folder.resolve("average.safetensors"));
                say("spark", begin);
            }
            context.stop();
            return;
        }
        for (int round = 0; round < 3; round++) {
            long begin = System.nanoTime();
            FederatedAverager average = FederatedAverager.inMemory();
            for (SparkFederated.Client client : clients) {
                average.add(Path.of(client.model()), client.examples());
            }
            average.finish(folder.resolve("alone.safetensors"));
            say("one after the other", begin);
        }
    }

    private static void say(String what, long begin) {
        System.out.printf("%s: %.2f s%n", what, (System.nanoTime() - begin) / 1e9);
    }

    private static List<SparkFederated.Client> clients(Path folder, int count) throws IOException {
        List<SparkFederated.Client> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = folder.resolve("client-" + i + ".safetensors");
            if (!Files.exists(file)) {
                float[] values = new float[PARAMETERS];
                Random random = new Random(i);
                for (int k = 0; k < values.length; k++) {
                    values[k] = (float) random.nextGaussian();
                }
                SafetensorsWriter.write(
                        file,
                        List.of(NamedTensor.ofFloats("w", Shape.of(PARAMETERS), values)),
                        Map.of());
            }
            clients.add(new SparkFederated.Client(file.toString(), i % 100 + 1));
        }
        return clients;
    }
}
