package io.amalgam.internal.formats.hub;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.formats.files.WeightName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Puts a folder into a repository as one commit. What was interrupted and is given again sends only
 * what the hub does not have; until the commit, readers of the repository see what was there.
 */
public final class HubPush {
    private static final String ATTRIBUTES = ".gitattributes";
    private static final int MOST_TRIES = 5;

    private final HubSettings settings;
    private final PushListener listener;

    public HubPush(HubSettings settings, PushListener listener) {
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Pushes, or only finds what that would do.
     *
     * @throws BadInputException if the folder, the name or the target does not allow it
     * @throws IOException if the hub cannot be reached
     */
    public Pushed push(Path folder, PushTarget target, boolean dryRun) throws IOException {
        RepoName repo = named(target);
        if (settings.offline() || settings.token().isEmpty()) {
            throw new BadInputException(HubProblems.pushNeeds(settings));
        }
        List<LocalFile> files = files(folder);
        HubClient client = new HubClient(settings, listener);
        try {
            return new Run(client, repo, target, files).push(dryRun);
        } catch (HubUnreachableException e) {
            throw HubProblems.unreachable(repo, client, e);
        }
    }

    private static RepoName named(PushTarget target) {
        return RepoName.parse(target.name(), target.revision())
                .filter(repo -> repo.id().contains("/") && repo.file().isEmpty())
                .orElseThrow(() -> new BadInputException(HubProblems.pushName(target)));
    }

    private static List<LocalFile> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new BadInputException(HubProblems.pushFolder(folder, "none"));
        }
        if (Files.exists(folder.resolve(OutputLayout.PARTIAL))) {
            throw new BadInputException(HubProblems.pushFolder(folder, "an interrupted merge"));
        }
        List<LocalFile> files = LocalFile.in(folder);
        if (files.isEmpty()) {
            throw new BadInputException(HubProblems.pushFolder(folder, "no files"));
        }
        return files;
    }

    /** One push: what is known on its way. */
    private final class Run {
        private final HubClient client;
        private final RepoName repo;
        private final PushTarget target;
        private final List<LocalFile> files;
        private final PushRequests requests;
        private boolean created;

        Run(HubClient client, RepoName repo, PushTarget target, List<LocalFile> files) {
            this.client = client;
            this.repo = repo;
            this.target = target;
            this.files = files;
            this.requests = new PushRequests(client, repo);
        }

        Pushed push(boolean dryRun) throws IOException {
            Optional<RepoListing> there = there(dryRun);
            if (there.isEmpty()) {
                return result("", files, 0, List.of(), new RepoListing("", Map.of()));
            }
            RepoListing listing = there.get();
            Set<String> large = requests.large(files);
            Map<LocalFile, String> hashes = hashes(large);
            List<LocalFile> changed = new ArrayList<>();
            for (LocalFile file : files) {
                RemoteFile remote = listing.files().get(file.path());
                String hash = large.contains(file.path()) ? hashes.get(file) : file.gitHash();
                if (remote == null || !remote.etag().equals(hash)) {
                    changed.add(file);
                }
            }
            hashes.keySet().retainAll(changed);
            List<String> removed = removed(listing);
            if (dryRun || (changed.isEmpty() && removed.isEmpty())) {
                return result("", changed, 0, removed, listing);
            }
            long existing =
                    listing.files().keySet().stream().filter(f -> !f.equals(ATTRIBUTES)).count();
            if (existing > 0 && !target.replace()) {
                throw new BadInputException(
                        HubProblems.existing(repo, existing, changed.size(), removed.size()));
            }
            long sent = upload(hashes);
            for (LocalFile file : changed) {
                file.requireUnchanged();
            }
            List<LocalFile> small =
                    changed.stream().filter(file -> !hashes.containsKey(file)).toList();
            String commit =
                    requests.commit(target.message(), listing.commit(), small, hashes, removed);
            return result(commit, changed, sent, removed, listing);
        }

        /** What is in the branch; empty where it would have to be made. */
        private Optional<RepoListing> there(boolean dryRun) throws IOException {
            HubAnswer about = RepoListing.about(client, repo);
            boolean noBranch = about.code().equals("RevisionNotFound");
            boolean noRepo = about.code().equals("RepoNotFound") || about.status() == 404;
            if (about.isGood() || (!noBranch && !noRepo)) {
                return Optional.of(RepoListing.of(client, repo));
            }
            if (!target.create()) {
                throw new BadInputException(HubProblems.notThere(repo, noBranch, settings));
            }
            if (dryRun) {
                created = !noBranch;
                return Optional.empty();
            }
            if (!noBranch) {
                requests.create(target.hidden());
                created = true;
                RepoName main = new RepoName(repo.id(), RepoName.NEWEST, Optional.empty());
                if (target.hidden() && !RepoListing.isHidden(client, main)) {
                    throw new BadInputException(HubProblems.notHidden(repo, settings));
                }
                noBranch = !RepoListing.about(client, repo).isGood();
            }
            if (noBranch) {
                requests.branch();
            }
            return Optional.of(RepoListing.of(client, repo));
        }

        /** The sha256 of large files: read once, with progress. */
        private Map<LocalFile, String> hashes(Set<String> large) throws IOException {
            Map<LocalFile, String> hashes = new LinkedHashMap<>();
            List<LocalFile> read =
                    files.stream().filter(file -> large.contains(file.path())).toList();
            long total = read.stream().mapToLong(LocalFile::size).sum();
            long[] done = {0};
            for (LocalFile file : read) {
                hashes.put(
                        file,
                        file.sha256(
                                bytes -> {
                                    done[0] += bytes;
                                    listener.hashing(done[0], total);
                                }));
            }
            return hashes;
        }

        /** Sends what the hub does not have; how many bytes that was. */
        private long upload(Map<LocalFile, String> hashes) throws IOException {
            if (hashes.isEmpty()) {
                return 0;
            }
            BegunUploads begun = new BegunUploads(settings, repo);
            List<LargeUpload> uploads =
                    requests.uploads(hashes).stream().map(begun::continued).toList();
            long total = uploads.stream().mapToLong(LargeUpload::bytes).sum();
            long there = uploads.stream().mapToLong(LargeUpload::bytesThere).sum();
            if (!uploads.isEmpty()) {
                listener.uploading(repo.toString(), uploads.size(), total);
            }
            Uploads sender = new Uploads(client, listener, begun);
            for (int tries = 1; !uploads.isEmpty(); tries++) {
                List<LargeUpload> expired = sender.send(uploads, total);
                for (LargeUpload upload : uploads) {
                    if (!expired.contains(upload) && !requests.complete(upload)) {
                        expired.add(upload);
                    }
                    begun.forget(upload);
                }
                if (!expired.isEmpty() && tries == MOST_TRIES) {
                    throw new IOException(
                            "'" + expired.get(0).file().path() + "' is not taken by the storage");
                }
                Map<LocalFile, String> again = new LinkedHashMap<>();
                expired.forEach(upload -> again.put(upload.file(), upload.oid()));
                uploads =
                        again.isEmpty()
                                ? List.of()
                                : requests.uploads(again).stream().map(begun::continued).toList();
            }
            listener.uploaded(repo.toString());
            return total - there;
        }

        /** Weights that would be read instead of, or beside, those of the folder. */
        private List<String> removed(RepoListing listing) {
            Set<String> folders = new TreeSet<>();
            Set<String> here = new TreeSet<>();
            for (LocalFile file : files) {
                here.add(file.path());
                if (isWeights(file.path())) {
                    folders.add(folder(file.path()));
                }
            }
            return listing.files().keySet().stream()
                    .filter(path -> isWeights(path) && !here.contains(path))
                    .filter(path -> folders.contains(folder(path)))
                    .toList();
        }

        private Pushed result(
                String commit,
                List<LocalFile> changed,
                long sent,
                List<String> removed,
                RepoListing listing) {
            Set<String> kept = new TreeSet<>(listing.files().keySet());
            files.forEach(file -> kept.remove(file.path()));
            removed.forEach(kept::remove);
            kept.remove(ATTRIBUTES);
            return new Pushed(
                    settings.endpoint() + "/" + repo.id() + "/tree/" + repo.revision(),
                    commit,
                    created,
                    changed.stream().map(LocalFile::path).toList(),
                    changed.stream().mapToLong(LocalFile::size).sum(),
                    sent,
                    files.size() - changed.size(),
                    removed,
                    List.copyOf(kept));
        }
    }

    private static String folder(String path) {
        return path.substring(0, path.lastIndexOf('/') + 1);
    }

    private static boolean isWeights(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return WeightName.isWeights(name);
    }
}
