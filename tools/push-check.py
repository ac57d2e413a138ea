#!/usr/bin/env python3
"""Compares pushes of Amalgam and of huggingface_hub to a hub on this machine (fakehub.py): the requests of both, and what the client downloads.

usage: push-check.py AMALGAM DIR

AMALGAM is the program, DIR a model. Prints a table of requests: where bodies or headers differ, both are shown.
The client is told the message and the parent commit that Amalgam sends of itself, so their commits must be equal too.
It fails where a difference has no explanation in the table.
Says so and ends well where huggingface_hub is not installed.
"""
import base64, json, os, re, shutil, subprocess, sys, tempfile

TOKEN = 'hf_of_the_check'
NOT_SENT = ['amalgam-report.json', '.*']
# What the client says of itself, or what the library it uses adds.
OWN_HEADERS = {'user-agent', 'host', 'connection', 'accept', 'accept-encoding', 'x-request-id', 'x-amzn-trace-id', 'http2-settings', 'upgrade'}


def tree(root):
    found = {}
    for at, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if not d.startswith('.')]
        for name in names:
            if not name.startswith('.') and name != 'amalgam-report.json':
                found[os.path.relpath(os.path.join(at, name), root)] = open(os.path.join(at, name), 'rb').read()
    return found


def parsed(request):
    """What a request asks for, without order and names of repositories."""
    body = request['body']
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            body = [json.loads(line) for line in body.splitlines()]
            body.sort(key=lambda line: (line['key'] != 'header', line['value'].get('path', '')))
            for line in body:
                if 'content' in line['value']:
                    line['value']['content'] = 'base64 of ' + str(len(base64.b64decode(line['value']['content']))) + ' bytes'
    for line in body if isinstance(body, list) else []:
        if 'parentCommit' in line.get('value', {}):
            line['value']['parentCommit'] = str(len(line['value']['parentCommit'])) + ' digits'  # Each repository has its own.
    for key in ('files', 'objects', 'parts'):
        if isinstance(body, dict) and isinstance(body.get(key), list):
            body[key].sort(key=lambda item: str(item.get('path') or item.get('oid') or item.get('partNumber')))
    return body


def kind(request):
    path = re.sub(r'/org/(ours|theirs)', '/ORG/NAME', request['path'].split('?')[0])
    return request['method'] + ' ' + re.sub(r'/store/[0-9a-f]{64}', '/store/OID', path)


def said(value):
    return json.dumps(value, sort_keys=True).replace('org/ours', 'ORG/NAME').replace('org/theirs', 'ORG/NAME').replace('"ours"', '"NAME"').replace('"theirs"', '"NAME"')


# What differs on purpose, or does not matter.
EXPLAINED = {
    'POST /api/validate-yaml': 'the client checks the metadata of README.md before; the hub does at the commit',
    'POST /ORG/NAME.git/info/lfs/verify': "git-lfs's content type",
    'POST /ORG/NAME.git/info/lfs/objects/batch': 'files that are there are known by their hashes',
}


def short(text):
    return (text if len(text) < 300 else text[:300] + '...').replace('|', '\\|')


def table(ours, theirs):
    """Rows of requests; returns how many requests differ without an explanation."""
    print('| request | Amalgam | huggingface_hub | bodies | headers |\n|---|---|---|---|---|')
    bad = 0
    kinds = list(dict.fromkeys(map(kind, theirs + ours)))
    for name in kinds:
        a, b = [r for r in ours if kind(r) == name], [r for r in theirs if kind(r) == name]
        bodies = [sorted(said(parsed(r)) for r in side) for side in (a, b)]
        headers = [sorted({f'{k}: {"N" if k == "content-length" else v}' for r in side for k, v in r['headers'].items() if k not in OWN_HEADERS}) for side in (a, b)]
        different = [(x, y) for x, y in zip(*bodies) if x != y]
        alike = 'equal' if not different and len(a) == len(b) else '-' if not a or not b else f'differ: {short(different[0][0])} / {short(different[0][1])}' if different else 'other numbers'
        alike_headers = 'equal' if headers[0] == headers[1] else '-' if not a or not b else 'only here: ' + ', '.join(sorted(set(headers[0]) - set(headers[1]))) + '; only there: ' + ', '.join(sorted(set(headers[1]) - set(headers[0])))
        if alike + alike_headers != 'equalequal':
            if name in EXPLAINED:
                alike += f' ({EXPLAINED[name]})'
            bad += name not in EXPLAINED or bool(different)
        print(f'| {name} | {len(a)} | {len(b)} | {alike} | {alike_headers} |')
    return bad


def main():
    try:
        import huggingface_hub
    except ImportError:
        print('skipped: huggingface_hub is not installed')
        return 0
    program, model = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home:
        log, record = os.path.join(home, 'log'), os.path.join(home, 'record')
        hub = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fakehub.py'), os.path.join(home, 'root'), '--token', TOKEN, '--log', log, '--part-size', '20000', '--record', record],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            endpoint = hub.stdout.readline().strip()
            env = {k: v for k, v in os.environ.items() if not k.startswith('HF_')}
            env.update(HF_ENDPOINT=endpoint, HF_TOKEN=TOKEN, HF_HOME=os.path.join(home, 'hf'), HF_HUB_DISABLE_XET='1', HF_HUB_DISABLE_PROGRESS_BARS='1')

            def python(code):
                return subprocess.run([sys.executable, '-c', code], env=env, check=True, capture_output=True, text=True).stdout.strip()

            def requests():
                found = [json.loads(line) for line in open(record)]
                os.remove(record)
                return found

            def amalgam(*more):
                done = subprocess.run([program, 'push', model, *more], env=env, check=True, capture_output=True, text=True)
                assert TOKEN not in done.stdout + done.stderr
                return done.stdout.strip()

            upload = f"a.upload_folder(repo_id='org/%s', folder_path={model!r}, ignore_patterns={NOT_SENT!r}%s)"
            print(amalgam('org/ours', '--create', '--private'))
            ours = requests()
            shutil.rmtree(os.path.join(home, 'root', '.objects'))  # So that the client sends it too.
            python("from huggingface_hub import HfApi as A\na = A()\na.create_repo('org/theirs', private=True)\n"
                   + upload % ('theirs', ", commit_message='Upload model', parent_commit=a.model_info('org/theirs').sha"))
            print('\nInto a new repository:\n')
            bad = table(ours, requests())
            want = tree(model)
            for name in ('org/ours', 'org/theirs'):
                got = tree(python(f'from huggingface_hub import snapshot_download as s\nprint(s({name!r}))'))
                print(name, 'downloaded by the client:', 'equal' if got == want else 'differs ' + str(sorted(set(got) ^ set(want))))
                bad += got != want
            again = amalgam('org/theirs')
            print('what the client pushed, pushed again by Amalgam:', again)
            bad += 'all is there' not in again
            ours = requests()
            client = python('from huggingface_hub import HfApi as A\na = A()\nprint(' + upload % ('ours', '') + ".oid == a.model_info('org/ours').sha)")
            print('what Amalgam pushed, pushed again by the client: no new commit', client)
            print('\nOf what is there already:\n')
            bad += table(ours, requests())
            parts = sum(1 for line in open(log) if line.startswith('PUT'))
            print(parts, 'parts were sent, none with a token:', not any(line.startswith('PUT') and line.rstrip().endswith('token') for line in open(log)))
            return 1 if bad else 0
        finally:
            hub.terminate()


if __name__ == '__main__':
    sys.exit(main())
