package io.amalgam.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What ARCHITECTURE.md says depends on what. */
class ArchitectureTest {
    private static final String ROOT = "io.amalgam";

    /** The one package above the front door. */
    private static final String FACADE_USER = "runs";

    /**
     * Lowest first, as in ARCHITECTURE.md; a package may use itself, its parts, and those before
     * it.
     */
    private static final List<String> LAYERS =
            List.of(
                    "tensor",
                    "error",
                    "internal.io",
                    "internal.tensor",
                    "kernel",
                    "internal.kernel",
                    "internal.encoding",
                    "internal.linalg",
                    "internal.config",
                    "checkpoint",
                    "internal.checkpoint",
                    "internal.layers",
                    "internal.forward",
                    "recipe",
                    "internal.recipe",
                    "internal.tokenizer",
                    "method",
                    "internal.method.common",
                    "internal.method.select",
                    "internal.method.vector",
                    "internal.method.matrix",
                    "internal.method.builtin",
                    "plan",
                    "internal.align",
                    "internal.plan",
                    "internal.structure",
                    "engine",
                    "internal.card",
                    "internal.engine",
                    "internal.compare",
                    "internal.stages",
                    "internal.parts",
                    "internal.lora",
                    "internal.evaluate",
                    "internal.runs",
                    "internal.search",
                    FACADE_USER);

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages(ROOT);
        assertThat(classes.size()).isGreaterThan(50);
    }

    static List<String> layers() {
        return LAYERS;
    }

    @ParameterizedTest
    @MethodSource("layers")
    void packagesUseOnlyWhatIsBelowThem(String layer) {
        List<String> above = new ArrayList<>();
        for (String other : LAYERS.subList(LAYERS.indexOf(layer) + 1, LAYERS.size())) {
            above.add(ROOT + "." + other + "..");
        }
        if (!layer.equals(FACADE_USER)) {
            above.add(ROOT);
        }
        noClasses()
                .that()
                .resideInAPackage(ROOT + "." + layer + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above.toArray(String[]::new))
                .check(classes);
    }

    @Test
    void everyPackageHasItsPlace() {
        Set<String> known = new java.util.HashSet<>(LAYERS);
        for (JavaClass type : classes) {
            String name = type.getPackageName();
            if (!name.equals(ROOT)) {
                String inside = name.substring(ROOT.length() + 1);
                assertThat(known)
                        .as(inside)
                        .anyMatch(layer -> inside.equals(layer) || inside.startsWith(layer + "."));
            }
        }
    }

    @Test
    void tensorsAndErrorsStandAlone() {
        for (String layer : List.of("tensor", "error")) {
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + layer + "..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(ROOT + "..")
                                    .and(
                                            DescribedPredicate.not(
                                                    resideInAnyPackage(ROOT + "." + layer + ".."))))
                    .check(classes);
        }
    }

    @Test
    void packagesFormNoCircles() {
        SlicesRuleDefinition.slices()
                .matching(ROOT + ".(**)")
                .should()
                .beFreeOfCycles()
                .check(classes);
    }

    @Test
    void onlyTheSimdKernelsUseTheIncubatorModule() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".internal.kernel.simd..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jdk.incubator..", ROOT + ".internal.kernel.simd..")
                .check(classes);
    }

    @Test
    void onlyTheFacadeLinearAlgebraAndForwardPassesUseNd4j() {
        noClasses()
                .that(
                        describe(
                                "are neither facade nor linear algebra nor forward pass",
                                type ->
                                        !type.getPackageName().equals(ROOT)
                                                && !type.getPackageName()
                                                        .startsWith(ROOT + ".internal.linalg")
                                                && !type.getPackageName()
                                                        .equals(ROOT + ".internal.forward")))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.nd4j..", "org.bytedeco..")
                .check(classes);
    }

    @Test
    void yamlStaysInItsReader() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".internal.recipe.yaml..")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + ".Amalgam")
                .and()
                .resideOutsideOfPackages(
                        ROOT + ".runs..", ROOT + ".internal.runs..", ROOT + ".internal.search..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.yaml..", ROOT + ".internal.recipe.yaml..")
                .check(classes);
    }

    @Test
    void onlyTheEngineStartsThreads() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".internal.engine..")
                .should()
                .dependOnClassesThat(
                        assignableTo(ExecutorService.class)
                                .or(assignableTo(Executors.class))
                                .or(assignableTo(java.util.concurrent.CompletableFuture.class))
                                .or(assignableTo(java.util.Timer.class)))
                .orShould()
                .callConstructorWhere(
                        describe(
                                "a thread is made",
                                call -> call.getTargetOwner().isAssignableTo(Thread.class)))
                .orShould()
                .callMethodWhere(
                        describe(
                                "a stream is made parallel",
                                (JavaMethodCall call) ->
                                        call.getName().equals("parallel")
                                                || call.getName().equals("parallelStream")))
                .check(classes);
    }

    @Test
    void librariesNeitherPrintNorExit() {
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .orShould()
                .callMethodWhere(
                        describe(
                                "a stack trace is printed",
                                (JavaMethodCall call) -> call.getName().equals("printStackTrace")))
                .check(classes);
    }

    /** The formats are not on this module's class path: their text is looked at. */
    @Test
    void formatsNeitherPrintNorExitNorStartThreads() throws IOException {
        Pattern forbidden =
                Pattern.compile(
                        "System\\.(out|err|exit|getenv)|printStackTrace|new Thread|Executors\\.|parallel(Stream)?\\(|org\\.nd4j");
        for (String module : List.of("merge-formats", "merge-spark")) {
            List<Path> files = Sources.files(module + "/src/main/java", ".java");
            assertThat(files).isNotEmpty();
            for (Path file : files) {
                if (file.endsWith("SparkMergeMain.java")) {
                    continue; // A program, as the command is.
                }
                assertThat(forbidden.matcher(Files.readString(file)).results().map(m -> m.group()))
                        .as(file.toString())
                        .isEmpty();
            }
        }
    }

    @Test
    void onlyItsModuleKnowsSpark() throws IOException {
        Pattern spark = Pattern.compile("org\\.apache\\.(spark|hadoop)");
        for (String module : List.of("merge-core", "merge-formats", "merge-cli", "samples")) {
            for (Path file : Sources.files(module + "/src/main/java", ".java")) {
                assertThat(spark.matcher(Files.readString(file)).find()).as("%s", file).isFalse();
            }
        }
    }

    /**
     * Public methods of the API that name an internal type: for the other modules of this project,
     * of no use to others. The list may only become shorter.
     */
    private static final Set<String> FOR_OWN_MODULES =
            Set.of(
                    "Amalgam.plan",
                    "Amalgam.with",
                    "ModelLoader.adapter",
                    "ModelLoader.adapterFormat",
                    "ModelLoader.withAdapters",
                    "OutputFormat$QuantisedWeights.quantisers",
                    "TensorTask.quantised",
                    "TensorTask.quantiser");

    @Test
    void signaturesOfTheApiNameNothingInternal() {
        Set<String> found = new TreeSet<>();
        for (JavaClass type : classes) {
            if (!isApi(type)) {
                continue;
            }
            for (JavaMethod method : type.getMethods()) {
                Set<JavaClass> named =
                        new HashSet<>(method.getReturnType().getAllInvolvedRawTypes());
                method.getParameterTypes()
                        .forEach(each -> named.addAll(each.getAllInvolvedRawTypes()));
                boolean internal =
                        named.stream().anyMatch(n -> n.getName().startsWith(ROOT + ".internal."));
                if (internal && method.getModifiers().contains(JavaModifier.PUBLIC)) {
                    found.add(
                            type.getName().substring(type.getPackageName().length() + 1)
                                    + "."
                                    + method.getName());
                }
            }
        }

        assertThat(found).isEqualTo(new TreeSet<>(FOR_OWN_MODULES));
    }

    private static boolean isApi(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && !type.getPackageName().contains(".internal")
                && type.getEnclosingClass().map(ArchitectureTest::isApi).orElse(true);
    }
}
