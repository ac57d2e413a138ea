package io.amalgam.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/** The one context of all tests: two slots in this process. */
final class LocalSpark {
    private LocalSpark() {}

    static SparkContext context() {
        return SparkContext.getOrCreate(
                new SparkConf()
                        .setMaster("local[2]")
                        .setAppName("tests")
                        .set("spark.hadoop.fs.faulty.impl", FaultyStore.class.getName())
                        .set("spark.ui.enabled", "false")
                        .set("spark.driver.host", "127.0.0.1")
                        .set("spark.driver.bindAddress", "127.0.0.1"));
    }
}
