package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemarkedCheckpoint;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterFormat;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.AdapterRef;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The models that recipes name, with their adapters applied. */
final class LocalModels implements ModelSource {
    private final ModelLoader loader;
    private final ModelSearch search;

    LocalModels(ModelLoader loader, ModelSearch search) {
        this.loader = loader;
        this.search = search;
    }

    @Override
    public Checkpoint open(ModelRef model) throws IOException {
        Checkpoint opened = opened(model);
        List<Problem> remarks = remarks(model);
        return remarks.isEmpty() ? opened : new RemarkedCheckpoint(opened, remarks);
    }

    @Override
    public void announce(Collection<ModelRef> models) throws IOException {
        search.announce(models);
    }

    /** A folder on disk is what it is: only a hub has revisions. */
    private List<Problem> remarks(ModelRef model) {
        Optional<String> revision =
                model.revision().filter(r -> search.existing(model.path()).isPresent());
        for (AdapterRef adapter : model.adapters()) {
            revision =
                    revision.or(
                            () ->
                                    adapter.revision()
                                            .filter(
                                                    r ->
                                                            search.existing(adapter.path())
                                                                    .isPresent()));
        }
        List<Problem> remarks = new ArrayList<>();
        if (search.existing(model.path()).isEmpty()) {
            search.remote().remarks(model.path(), model.revision()).stream()
                    .map(problem -> problem.at(model.location()))
                    .forEach(remarks::add);
        }
        revision.map(
                        text ->
                                Problem.of(
                                                "revision '"
                                                        + text
                                                        + "' has no effect: local models are read as they are")
                                        .at(model.location())
                                        .hint("leave it out"))
                .ifPresent(remarks::add);
        return remarks;
    }

    private Checkpoint opened(ModelRef model) throws IOException {
        Path path = search.find("model", model.path(), model.revision(), model);
        if (model.adapters().isEmpty()) {
            return loader.open(path, model.toString());
        }
        List<WeightedAdapter> adapters = adaptersOf(model);
        try {
            return loader.withAdapters(path, model.path(), adapters);
        } catch (IOException | RuntimeException | Error e) {
            closeAll(adapters, e);
            throw e;
        }
    }

    @Override
    public ModelRef identified(ModelRef model) {
        Optional<String> place =
                search.present(model.path(), model.revision()).map(this::placeOfModel);
        if (place.isEmpty()) {
            return model;
        }
        return model.identified(place.get(), model.adapters().stream().map(this::placed).toList());
    }

    private AdapterRef placed(AdapterRef ref) {
        String literal = ref.literalPath();
        Optional<Path> whole = ref.suffix().isEmpty() ? Optional.empty() : search.existing(literal);
        double weight = whole.isPresent() ? 1 : ref.weight();
        return whole.or(() -> search.present(ref.path(), ref.revision()))
                .map(this::placeOfAdapter)
                .map(place -> new AdapterRef(place, Optional.empty(), weight, ""))
                .orElse(ref);
    }

    @Override
    public Checkpoint withAdapter(Checkpoint base, ModelRef model) throws IOException {
        return LoraCheckpoint.over(base, model.path(), adaptersOf(model));
    }

    private List<WeightedAdapter> adaptersOf(ModelRef model) throws IOException {
        List<WeightedAdapter> opened = new ArrayList<>();
        try {
            for (AdapterRef ref : model.adapters()) {
                opened.add(adapterOf(ref, model));
            }
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            closeAll(opened, e);
            throw e;
        }
    }

    /** A path that exists as it stands is one, whatever it ends with. */
    private WeightedAdapter adapterOf(AdapterRef ref, ModelRef model) throws IOException {
        String literal = ref.literalPath();
        boolean whole = !ref.suffix().isEmpty() && search.existing(literal).isPresent();
        String written = whole ? literal : ref.path();
        return new WeightedAdapter(
                loader.adapter(search.find("adapter", written, ref.revision(), model), written),
                whole ? 1 : ref.weight());
    }

    private String placeOfModel(Path path) {
        return RealPlace.of(
                path,
                folder -> {
                    Optional<CheckpointFormat> format = loader.formats().of(folder);
                    if (format.isEmpty()) {
                        return List.of();
                    }
                    try (Checkpoint model = format.get().open(folder, folder.toString())) {
                        return model.folders().mainFolder().isEmpty()
                                ? model.weightFiles()
                                : List.of();
                    }
                });
    }

    private String placeOfAdapter(Path path) {
        return RealPlace.of(
                path,
                folder -> {
                    Optional<AdapterFormat> format = loader.formats().ofAdapter(folder);
                    if (format.isEmpty()) {
                        return List.of();
                    }
                    try (Adapter adapter = format.get().open(folder, folder.toString())) {
                        return adapter.files();
                    }
                });
    }

    private static void closeAll(List<WeightedAdapter> adapters, Throwable reason) {
        for (WeightedAdapter weighted : adapters) {
            try {
                weighted.adapter().close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
    }
}
