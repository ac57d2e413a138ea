package io.amalgam.internal.align;

import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import java.util.ArrayList;
import java.util.List;

/** Groups as lines of text: name, size, and the tensors with their axes. */
final class GroupLines {
    private GroupLines() {}

    static List<String> of(Grouping grouping) {
        List<String> lines = new ArrayList<>();
        for (Group group : grouping.groups()) {
            lines.add(group.name() + ": " + what(group));
            for (Places places : group.places()) {
                lines.add("  " + places.tensor() + " axis " + places.axis());
            }
        }
        grouping.stays().forEach(why -> lines.add(AlignmentRun.STAYS + why));
        return lines;
    }

    private static String what(Group group) {
        if (group instanceof Units units) {
            return units.size() + " units";
        }
        Heads heads = (Heads) group;
        String free = heads.turned() ? ", query and key units stay" : "";
        String order = heads.fixed() ? ", heads stay" : "";
        return heads(heads) + free + order;
    }

    /** How many heads of which size. */
    static String heads(Heads heads) {
        return heads.groups()
                + " groups of "
                + heads.queries()
                + (heads.queries() == 1 ? " query head, " : " query heads, ")
                + heads.size()
                + " units each";
    }
}
