#!/usr/bin/env python3
"""A model hub on this machine, for tests: the parts of the Hugging Face Hub's HTTP interface that a downloader needs.

usage: fakehub.py ROOT [--port N] [--token T] [--faults SPEC] [--log FILE] [--part-size BYTES] [--record FILE]

ROOT holds repositories as folders: ROOT/<org>/<name>/<branch or tag>/<files>. A folder's commit hash is derived from
its contents. A repository with a file ROOT/<org>/<name>/.gated wants the token, one with .private wants it and is
otherwise not there. ROOT/<org>/<name>/.lfs may list file name patterns kept as large files (default: *.safetensors,
*.bin, *.gguf, tokenizer.json); all others are kept in git. Prints its address on standard output once it listens on
127.0.0.1. Standard library only.

SPEC is a comma-separated list: drop=N (cut every Nth body of a large file half-way), busy=N (answer every Nth request with 503 and
Retry-After: 0), limit=N (every Nth request 429), noetag (no ETag), norange (ignore Range), slow=BYTES_PER_SECOND,
corrupt=N (flip a byte in every Nth large body), moved (redirect repository names in capitals to lower case, as renamed repositories are).

Pushes: repositories and branches are made, large files go to ROOT/.objects/<sha256> (those above --part-size in parts of that size), commits change the folders.
--record writes requests of pushes, with headers and bodies, as lines of JSON.
"""
import argparse, base64, fnmatch, hashlib, json, os, shutil, sys, threading, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

args = None
counts = {}
lock = threading.Lock()


def every(name):
    n = args.faults.get(name)
    if not n:
        return False
    with lock:
        counts[name] = counts.get(name, 0) + 1
        return counts[name] % int(n) == 0


def files(folder):
    for at, dirs, names in os.walk(folder):
        dirs.sort()
        for n in sorted(names):
            p = os.path.join(at, n)
            yield os.path.relpath(p, folder).replace(os.sep, '/'), p


hashes = {}


def digest(path, git):
    key = (path, os.path.getmtime(path), git)
    if key not in hashes:
        h = hashlib.sha1() if git else hashlib.sha256()
        if git:
            h.update(b'blob %d\0' % os.path.getsize(path))
        with open(path, 'rb') as f:
            for b in iter(lambda: f.read(1 << 20), b''):
                h.update(b)
        hashes[key] = h.hexdigest()
    return hashes[key]


def lfs(repo, name):
    patterns = ['*.safetensors', '*.bin', '*.gguf', 'tokenizer.json']
    try:
        patterns = open(os.path.join(args.root, repo, '.lfs')).read().split()
    except OSError:
        pass
    return any(fnmatch.fnmatch(name.rsplit('/', 1)[-1], p) for p in patterns)


def commit(repo, branch):
    h = hashlib.sha1()
    for n, p in files(os.path.join(args.root, repo, branch)):
        h.update(f'{n} {digest(p, not lfs(repo, n))}\n'.encode())
    return h.hexdigest()


def find(repo, revision):
    """(branch folder, commit) of a revision: a branch, a tag, a full commit hash or refs/pr/N."""
    base = os.path.join(args.root, repo)
    branches = [b for b in sorted(os.listdir(base)) if os.path.isdir(os.path.join(base, b))]
    for b in branches:
        if revision in (b, b.replace('_', '/')) or revision == commit(repo, b):
            return b, commit(repo, b)
    return None, None


class Hub(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def fail(self, status, code, message, more=()):
        body = json.dumps({'error': message}).encode()
        self.send_response(status)
        if code:
            self.send_header('X-Error-Code', code)
        self.send_header('X-Error-Message', message)
        for k, v in more:
            self.send_header(k, v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def json(self, value, more=()):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json; charset=utf-8')
        for k, v in more:
            self.send_header(k, v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def do_PUT(self):
        self.answer()

    def content(self):
        if self.headers.get('Transfer-Encoding', '') == 'chunked':
            body = b''
            while True:
                size = int(self.rfile.readline().split(b';')[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return body
        return self.rfile.read(int(self.headers.get('Content-Length', 0)))

    def store(self, path, body):
        """A large file or a part of one, at a signed address."""
        words = path.strip('/').split('/')
        oid, folder = words[1], os.path.join(args.root, '.objects')
        os.makedirs(folder, exist_ok=True)
        place = os.path.join(folder, oid)
        if self.command == 'POST':
            with open(place + '.all', 'wb') as out:
                for part in sorted(json.loads(body)['parts'], key=lambda p: p['partNumber']):
                    with open(f"{place}.{part['partNumber']}", 'rb') as f:
                        data = f.read()
                    if part['etag'] != f'"{hashlib.md5(data).hexdigest()}"':
                        return self.fail(400, None, 'a part is not what was sent')
                    out.write(data)
            done = place + '.all'
        elif len(words) > 2:
            with open(f'{place}.{words[2]}', 'wb') as f:
                f.write(body)
            return self.json({}, [('ETag', f'"{hashlib.md5(body).hexdigest()}"')])
        else:
            done = place + '.all'
            with open(done, 'wb') as f:
                f.write(body)
        if hashlib.sha256(open(done, 'rb').read()).hexdigest() != oid:
            return self.fail(422, None, 'other contents than were promised')
        os.replace(done, place)
        return self.json({})

    def batch(self, repo, body):
        objects = []
        for wanted in json.loads(body)['objects']:
            oid, size = wanted['oid'], wanted['size']
            entry = {'oid': oid, 'size': size}
            if not os.path.exists(os.path.join(args.root, '.objects', oid)):
                upload = {'href': f'{args.cdn}/store/{oid}?Signature=x'}
                if size > args.part_size:
                    count = -(-size // args.part_size)
                    upload['header'] = {'chunk_size': str(args.part_size), **{f'{i:05d}': f'{args.cdn}/store/{oid}/{i}?Signature=x' for i in range(1, count + 1)}}
                entry['actions'] = {'upload': upload, 'verify': {'href': f'{args.address}/{repo}.git/info/lfs/verify'}}
            objects.append(entry)
        self.json({'transfer': 'basic', 'objects': objects})

    def commit(self, base, branch, body):
        folder = os.path.join(base, branch)
        for line in body.decode().splitlines():
            item = json.loads(line)
            key, value = item['key'], item['value']
            if key == 'header':
                if value.get('parentCommit', '') not in ('', commit(os.path.relpath(base, args.root), branch)):
                    return self.fail(412, None, 'A commit has happened since')
                with open(os.path.join(args.root, '.messages'), 'a') as f:
                    f.write(value['summary'] + '\n')
                continue
            place = os.path.join(folder, value['path'])
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if key == 'file':
                with open(place, 'wb') as f:
                    f.write(base64.b64decode(value['content']))
            elif key == 'lfsFile':
                shutil.copyfile(os.path.join(args.root, '.objects', value['oid']), place)
            elif key == 'deletedFile':
                os.remove(place)
            else:
                return self.fail(400, None, key)
        sha = commit(os.path.relpath(base, args.root), branch)
        self.json({'success': True, 'commitOid': sha, 'commitUrl': f'{args.address}/{os.path.relpath(base, args.root)}/commit/{sha}', 'hookOutput': ''})

    def push(self, path):
        """Whether a request was one of a push, and is answered."""
        body = self.content()
        if args.record:
            with lock, open(args.record, 'a') as f:
                text = {'bytes': len(body), 'sha256': hashlib.sha256(body).hexdigest()} if path.startswith('/store/') and self.command == 'PUT' else body.decode()
                f.write(json.dumps({'method': self.command, 'path': self.path, 'headers': {k.lower(): v for k, v in self.headers.items()}, 'body': text}) + '\n')
        words = [urllib.parse.unquote(w) for w in path.strip('/').split('/')]
        if path.startswith('/store/'):
            if self.headers.get('Authorization'):
                return self.fail(400, None, 'a token was sent to another host')
            if every('expired'):
                return self.fail(403, None, 'Request has expired')
            return self.store(path, body)
        if every('busy'):
            return self.fail(503, None, 'busy', [('Retry-After', '0')])
        if not args.token or self.headers.get('Authorization') != f'Bearer {args.token}':
            return self.fail(401, None, 'Invalid credentials in Authorization header')
        if path == '/api/repos/create':
            asked = json.loads(body)
            base = os.path.join(args.root, asked['organization'], asked['name'])
            if os.path.isdir(base):
                return self.fail(409, None, 'You already created this model repo')
            os.makedirs(os.path.join(base, 'main'))
            with open(os.path.join(base, 'main', '.gitattributes'), 'w') as f:
                f.write('*.safetensors filter=lfs diff=lfs merge=lfs -text\n')
            if asked.get('visibility') == 'private':
                open(os.path.join(base, '.private'), 'w').close()
            return self.json({'url': f"{args.address}/{asked['organization']}/{asked['name']}"})
        if words[:2] == ['api', 'models'] and len(words) >= 6:
            repo, what, branch = '/'.join(words[2:4]), words[4], '/'.join(words[5:])
            base = os.path.join(args.root, repo)
            if not os.path.isdir(base):
                return self.fail(404, 'RepoNotFound', 'Repository not found')
            if what == 'branch':
                shutil.copytree(os.path.join(base, 'main'), os.path.join(base, branch.replace('/', '_')))
                return self.json({})
            folder, _ = find(repo, branch)
            if not folder:
                return self.fail(404, 'RevisionNotFound', f'Invalid rev id: {branch}')
            if what == 'preupload':
                known = dict(files(os.path.join(base, folder)))
                return self.json({'files': [{'path': f['path'], 'uploadMode': 'lfs' if lfs(repo, f['path']) else 'regular', 'shouldIgnore': False,
                                             'oid': digest(known[f['path']], not lfs(repo, f['path'])) if f['path'] in known else None} for f in json.loads(body)['files']]})
            if what == 'commit':
                return self.commit(base, folder, body)
        if path.endswith('.git/info/lfs/objects/batch'):
            return self.batch('/'.join(words[:2])[:-4], body)
        if path.endswith('.git/info/lfs/verify'):
            there = os.path.join(args.root, '.objects', json.loads(body)['oid'])
            return self.json({}) if os.path.exists(there) else self.fail(404, None, 'no such object')
        if path == '/api/validate-yaml':
            return self.json({'errors': [], 'warnings': []})
        return self.fail(404, None, 'Not Found')

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        path = url.path
        if args.log:
            with lock, open(args.log, 'a') as f:
                f.write(f'{self.command} {path} {self.headers.get("Range", "-")} {"token" if self.headers.get("Authorization") else "-"}\n')
        if path.startswith('/cdn/'):
            return self.cdn(path, query)
        if self.command in ('POST', 'PUT'):
            return self.push(path)
        if every('busy'):
            return self.fail(503, None, 'busy', [('Retry-After', '0')])
        if every('limit'):
            return self.fail(429, None, 'too many requests', [('Retry-After', '0'), ('RateLimit', '"resolvers";r=0;t=0')])
        parts = path.strip('/').split('/')
        api = parts[:2] == ['api', 'models']
        if api:
            parts = parts[2:]
        if len(parts) < 2:
            return self.fail(404, 'RepoNotFound', 'Repository not found')
        repo, rest = '/'.join(parts[:2]), [urllib.parse.unquote(p) for p in parts[2:]]
        if 'moved' in args.faults and repo != repo.lower():
            self.send_response(307)
            self.send_header('Location', self.path.replace(repo, repo.lower()))
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        base = os.path.join(args.root, repo)
        allowed = args.token and self.headers.get('Authorization') == f'Bearer {args.token}'
        given = self.headers.get('Authorization')
        if given and not allowed:
            return self.fail(401, None, 'Invalid credentials in Authorization header')
        if '..' in parts or not os.path.isdir(base) or (os.path.exists(f'{base}/.private') and not allowed):
            if allowed:
                return self.fail(404, 'RepoNotFound', 'Repository not found')
            return self.fail(401, None if os.path.isdir(base) else 'RepoNotFound', 'Invalid username or password.')
        gated = os.path.exists(f'{base}/.gated') and not allowed
        if api:
            if not rest or rest[0] == 'revision':
                revision = '/'.join(rest[1:]) or 'main'
                branch, sha = find(repo, revision)
                if not branch:
                    return self.fail(404, 'RevisionNotFound', f'Invalid rev id: {revision}')
                names = [n for n, _ in files(os.path.join(base, branch))]
                return self.json({'_id': '0', 'id': repo, 'modelId': repo, 'sha': sha, 'private': os.path.exists(f'{base}/.private'), 'gated': 'manual' if os.path.exists(f'{base}/.gated') else False,
                                  'disabled': False, 'tags': [], 'siblings': [{'rfilename': n} for n in names]})
            if rest[0] == 'tree':
                branch, sha = find(repo, rest[1])
                if not branch:
                    return self.fail(404, 'RevisionNotFound', f'Invalid rev id: {rest[1]}')
                entries = []
                for n, p in files(os.path.join(base, branch)):
                    e = {'type': 'file', 'oid': digest(p, True), 'size': os.path.getsize(p), 'path': n}
                    if lfs(repo, n):
                        e['lfs'] = {'oid': digest(p, False), 'size': e['size'], 'pointerSize': 134}
                    entries.append(e)
                page, limit = int(query.get('cursor', ['0'])[0]), int(query.get('limit', ['1000'])[0])
                more = []
                if page + limit < len(entries):
                    q = urllib.parse.urlencode({'recursive': 'true', 'limit': limit, 'cursor': page + limit})
                    more = [('Link', f'<{args.address}{path}?{q}>; rel="next"')]
                return self.json(entries[page:page + limit], more)
            return self.fail(404, None, 'Not Found')
        if len(rest) < 3 or rest[0] not in ('resolve', 'raw'):
            return self.fail(404, None, 'Not Found')
        if gated:
            return self.fail(403 if given else 401, 'GatedRepo', f'Access to model {repo} is restricted. You must have access to it and be authenticated to access it. Please log in.')
        # A revision may hold slashes, percent-encoded: it is one part of the path.
        branch, sha = find(repo, rest[1])
        if not branch:
            return self.fail(404, 'RevisionNotFound', f'Invalid rev id: {rest[1]}')
        name = '/'.join(rest[2:])
        target = os.path.join(base, branch, name)
        if not os.path.isfile(target):
            return self.fail(404, 'EntryNotFound', 'Entry not found', [('X-Repo-Commit', sha)])
        etag = digest(target, not lfs(repo, name))
        head = [('X-Repo-Commit', sha), ('Accept-Ranges', 'bytes'), ('Access-Control-Expose-Headers', 'X-Repo-Commit,X-Linked-Size,X-Linked-ETag')]
        if lfs(repo, name):
            location = f'{args.cdn}/cdn/{repo}/{branch}/{etag}?' + urllib.parse.urlencode({'name': name, 'Expires': int(time.time()) + 3600, 'Signature': 'x'})
            self.send_response(302)
            for k, v in head + [('X-Linked-Size', str(os.path.getsize(target))), ('X-Linked-ETag', f'"{etag}"'), ('Location', location), ('Content-Length', '0')]:
                if not ('noetag' in args.faults and k == 'X-Linked-ETag'):
                    self.send_header(k, v)
            self.end_headers()
            return
        self.body(target, head + ([] if 'noetag' in args.faults else [('ETag', f'"{etag}"')]), False)

    def cdn(self, path, query):
        if self.headers.get('Authorization'):
            return self.fail(400, None, 'a token was sent to another host')
        repo = '/'.join(path.split('/')[2:4])
        branch, etag = path.split('/')[4:6]
        target = os.path.join(args.root, repo, branch, query['name'][0])
        self.body(target, [('ETag', f'"{etag}"'), ('Accept-Ranges', 'bytes')], True)

    def body(self, target, head, large):
        size = os.path.getsize(target)
        start, end = 0, size - 1
        asked = self.headers.get('Range')
        partial = asked and asked.startswith('bytes=') and 'norange' not in args.faults
        if partial:
            a, _, b = asked[6:].partition('-')
            if a == '':
                start = max(0, size - int(b))
            else:
                start, end = int(a), min(size - 1, int(b)) if b else size - 1
            if start >= size:
                return self.fail(416, None, 'Range Not Satisfiable', [('Content-Range', f'bytes */{size}')])
        self.send_response(206 if partial else 200)
        for k, v in head:
            self.send_header(k, v)
        if partial:
            self.send_header('Content-Range', f'bytes {start}-{end}/{size}')
        self.send_header('Content-Length', str(end - start + 1))
        self.end_headers()
        if self.command == 'HEAD':
            return
        left = end - start + 1
        cut = left // 2 if large and left > 1000 and every('drop') else None
        flip = large and left > 1000 and every('corrupt')
        sent = 0
        with open(target, 'rb') as f:
            f.seek(start)
            while left > 0:
                b = f.read(min(left, 1 << 16))
                if flip:
                    b, flip = bytes([b[0]]) + b[1:500] + bytes([b[500] ^ 1]) + b[501:], False
                if cut is not None and sent + len(b) > cut:
                    self.wfile.write(b[:cut - sent])
                    self.wfile.flush()
                    self.close_connection = True
                    return
                self.wfile.write(b)
                sent += len(b)
                left -= len(b)
                if 'slow' in args.faults:
                    time.sleep(len(b) / float(args.faults['slow']))


def main():
    global args
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('root')
    p.add_argument('--port', type=int, default=0)
    p.add_argument('--token')
    p.add_argument('--faults', default='')
    p.add_argument('--log')
    p.add_argument('--part-size', type=int, default=1 << 20)
    p.add_argument('--record')
    args = p.parse_args()
    args.faults = {k: v or '1' for k, _, v in (x.partition('=') for x in args.faults.split(',') if x)}
    server = ThreadingHTTPServer(('127.0.0.1', args.port), Hub)
    args.address = f'http://127.0.0.1:{server.server_address[1]}'
    args.cdn = args.address.replace('127.0.0.1', 'localhost')  # another host: a token must not follow there
    print(args.address, flush=True)
    try:
        server.serve_forever()
    except (BrokenPipeError, KeyboardInterrupt):
        pass


if __name__ == '__main__':
    main()
