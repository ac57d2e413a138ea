package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import io.amalgam.Amalgam;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.console.Version;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.internal.kernel.KernelProvider;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "doctor",
        sortOptions = false,
        description = "Shows the environment: Java, kernels, memory, ND4J, formats.",
        footerHeading = "%nExamples:%n",
        footer = {"  amalgam doctor", "  amalgam doctor --json"})
public final class DoctorCommand extends Subcommand {
    @Mixin private QuietMixin verbosity;

    public DoctorCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        Runtime runtime = Runtime.getRuntime();
        String kernels = KernelProvider.choose(KernelProvider.Choice.AUTO).explanation();
        if (json) {
            ObjectNode root = Json.object();
            root.put("amalgam", Version.number());
            root.put("java", System.getProperty("java.version"));
            root.put("java_vendor", System.getProperty("java.vendor"));
            root.put("java_home", System.getProperty("java.home"));
            root.put("vm", vm());
            root.put("system", system());
            root.put("kernels", kernels);
            root.put("processors", runtime.availableProcessors());
            root.put("heap_bytes", runtime.maxMemory());
            root.put("direct_bytes_used", directMemoryUsed());
            machine()
                    .ifPresent(
                            m ->
                                    root.put("machine_bytes", m.getTotalMemorySize())
                                            .put("machine_bytes_free", m.getFreeMemorySize()));
            root.put("nd4j", Nd4jFacts.line());
            ArrayNode formats = root.putArray("formats");
            formats().forEach(formats::add);
            Json.print(console, root);
            return ExitCode.DONE;
        }
        if (verbosity.quiet) {
            return ExitCode.DONE;
        }
        new Columns()
                .row("amalgam", Version.number())
                .row("java", javaLine())
                .row("vm", vm())
                .row("system", system())
                .row("kernels", kernels)
                .row("processors", runtime.availableProcessors())
                .row(
                        "heap",
                        Quantity.bytes(runtime.maxMemory())
                                + " at most; AMALGAM_JAVA_OPTS=-Xmx1g gives more")
                .row("direct memory", Quantity.bytes(directMemoryUsed()) + " in use")
                .row("machine memory", machineMemory())
                .row("nd4j", Nd4jFacts.line())
                .row("formats", String.join(", ", formats()))
                .print(console);
        return ExitCode.DONE;
    }

    private static String javaLine() {
        return System.getProperty("java.version")
                + ", "
                + System.getProperty("java.vendor")
                + ", "
                + System.getProperty("java.home");
    }

    private static String vm() {
        return System.getProperty("java.vm.name") + ", " + System.getProperty("java.vm.info");
    }

    private static String system() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }

    private static long directMemoryUsed() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    private static String machineMemory() {
        return machine()
                .map(
                        m ->
                                Quantity.bytes(m.getTotalMemorySize())
                                        + ", "
                                        + Quantity.bytes(m.getFreeMemorySize())
                                        + " free")
                .orElse("unknown: this Java does not say");
    }

    private static Optional<OperatingSystemMXBean> machine() {
        return Optional.of(ManagementFactory.getOperatingSystemMXBean())
                .filter(OperatingSystemMXBean.class::isInstance)
                .map(OperatingSystemMXBean.class::cast);
    }

    private static List<String> formats() {
        return Amalgam.load().formats().formatNames();
    }
}
