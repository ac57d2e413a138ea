package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Json;
import io.amalgam.error.Problem;
import io.amalgam.internal.compare.Agreement;
import io.amalgam.internal.compare.Change;
import io.amalgam.internal.compare.Measures;
import io.amalgam.internal.compare.Mismatch;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.compare.Setting;
import io.amalgam.internal.compare.TensorChange;
import io.amalgam.tensor.TensorInfo;
import java.util.List;

/** A comparison as a JSON document. What is no number there is null. */
final class DiffJson {
    private DiffJson() {}

    static ObjectNode of(ModelComparison comparison, List<Problem> warnings) {
        ObjectNode root = Json.object();
        root.put("reference", comparison.names().get(0));
        ArrayNode models = root.putArray("models");
        comparison.names().stream().skip(1).forEach(models::add);
        root.put("differs", comparison.differs());
        measures(root.putObject("total"), comparison.total());
        groups(root.putArray("kinds"), comparison.kinds());
        groups(root.putArray("layers"), comparison.layers());
        ArrayNode tensors = root.putArray("tensors");
        for (TensorChange tensor : comparison.tensors()) {
            ObjectNode node = tensors.addObject();
            Json.tensor(node, tensor.info());
            node.put("kind", tensor.kind().label());
            tensor.layerName().ifPresent(layer -> node.put("layer", layer));
            measures(node, tensor.measures());
        }
        ArrayNode mismatches = root.putArray("not_alike");
        for (Mismatch mismatch : comparison.mismatches()) {
            ObjectNode node = mismatches.addObject().put("tensor", mismatch.tensor());
            ArrayNode infos = node.putArray("models");
            mismatch.infos()
                    .forEach(
                            info ->
                                    info.ifPresentOrElse(
                                            there -> info(infos.addObject(), there),
                                            infos::addNull));
        }
        settings(root.putArray("config"), comparison.configs());
        settings(root.putArray("files"), comparison.files());
        Json.problems(root.putArray("warnings"), warnings);
        return root;
    }

    private static void info(ObjectNode node, TensorInfo info) {
        node.put("dtype", info.dtype().name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : info.shape().dims()) {
            shape.add(dim);
        }
    }

    private static void groups(ArrayNode array, List<ModelComparison.Group> groups) {
        for (ModelComparison.Group group : groups) {
            ObjectNode node = array.addObject().put("name", group.name());
            node.put("tensors", group.tensors());
            measures(node, group.measures());
        }
    }

    private static void measures(ObjectNode node, Measures measures) {
        ArrayNode changes = node.putArray("changes");
        for (Change change : measures.changes()) {
            ObjectNode each = changes.addObject();
            number(each, "relative", change.relative());
            number(each, "cosine", change.cosine());
            number(each, "norm", change.norm());
            number(each, "reference_norm", Math.sqrt(change.base2()));
            number(each, "model_norm", Math.sqrt(change.model2()));
            each.put("elements", change.elements());
            each.put("changed", change.changed());
            each.put("nonfinite", change.nonfinite());
            change.largest()
                    .ifPresent(
                            largest -> {
                                ObjectNode place = each.putObject("largest");
                                number(place, "magnitude", largest.magnitude());
                                place.put("tensor", largest.tensor());
                                place.put("element", largest.element());
                            });
        }
        if (!measures.agreements().isEmpty()) {
            ArrayNode pairs = node.putArray("pairs");
            for (Agreement agreement : measures.agreements()) {
                ObjectNode pair = pairs.addObject();
                pair.putArray("models").add(agreement.first()).add(agreement.second());
                number(pair, "cosine", agreement.cosine(measures));
                pair.put("sign_conflicts", agreement.conflicts());
            }
            node.put("sign_conflicts", measures.conflicts());
        }
    }

    private static void settings(ArrayNode array, List<Setting> settings) {
        for (Setting setting : settings) {
            ArrayNode values = array.addObject().put("name", setting.name()).putArray("values");
            setting.values().forEach(value -> value.ifPresentOrElse(values::add, values::addNull));
        }
    }

    private static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }
}
