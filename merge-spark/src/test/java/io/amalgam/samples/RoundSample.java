package io.amalgam.samples;

import io.amalgam.engine.MergeReport;
import io.amalgam.spark.SparkFederated;
import io.amalgam.spark.SparkMerge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkContext;

/** On Spark: the average of many clients, then a merge of it with the model of the last round. */
public final class RoundSample {
    private RoundSample() {}

    /**
     * @param listing a line for each client: its file, a tab, its examples
     * @param last the model of the last round
     * @param out folder of the average and of the merged model
     * @return lines to print
     */
    public static String run(SparkContext spark, Path listing, Path last, Path out)
            throws IOException {
        Files.createDirectories(out);
        Path average = out.resolve("average.safetensors");
        SparkFederated.Round round =
                SparkFederated.of(spark, SparkFederated.listing(listing)).average(average);

        Path recipe =
                Files.writeString(
                        out.resolve("recipe.yml"),
                        """
                        merge_method: slerp
                        base_model: %s
                        models: [{model: %s}]
                        parameters: {t: 0.7}
                        dtype: float32
                        """
                                .formatted(last.toAbsolutePath(), average.toAbsolutePath()));
        MergeReport report = SparkMerge.of(spark, recipe, out.resolve("model")).run();

        StringBuilder lines = new StringBuilder();
        lines.append(round.clients()).append(" clients\n");
        round.leftOut().forEach((client, why) -> lines.append("left out: " + why + "\n"));
        return lines.append(report.tensors().size()).append(" tensors merged\n").toString();
    }
}
