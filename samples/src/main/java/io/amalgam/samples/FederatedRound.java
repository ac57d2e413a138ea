package io.amalgam.samples;

import io.amalgam.FederatedAverager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A server's round of federated learning: clients come in any order, each with the number of its
 * examples. The sums lie in a file, so that a server that is restarted goes on.
 */
public final class FederatedRound {
    private static final int[] EXAMPLES = {518, 517, 494, 508};

    private FederatedRound() {}

    public static void main(String... args) throws IOException {
        Path out = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("round");
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        for (int client : new int[] {2, 0, 3, 1}) {
            FederatedAverager round = FederatedAverager.inFile(out.resolve("sums.safetensors"));
            round.add(Digits.model("federated-client-" + client), EXAMPLES[client]);
            String soFar = round.clients() + " clients, " + round.examples() + " examples";
            System.out.println(classifier.row(soFar, round.average()));
        }
        Path average = out.resolve("average.safetensors");
        FederatedAverager.inFile(out.resolve("sums.safetensors")).finish(average);
        System.out.println("the average is in " + average);
    }
}
