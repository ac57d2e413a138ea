#!/usr/bin/env python3
"""Compares the caches of Amalgam and of huggingface_hub: each reads offline what the other downloaded.

usage: hub-check.py AMALGAM ENDPOINT ORG/NAME

AMALGAM is the program, ENDPOINT a hub that has the model. Says so and ends well where huggingface_hub is not installed.
"""
import os, subprocess, sys, tempfile


def tree(root):
    """Links, empty files and contents below a repository's folder; the listing the client keeps is its own."""
    found = {}
    for at, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if d != 'trees')
        for name in names:
            path = os.path.join(at, name)
            found[os.path.relpath(path, root)] = os.readlink(path) if os.path.islink(path) else open(path, 'rb').read()
    return found


def main():
    try:
        import huggingface_hub
    except ImportError:
        print('skipped: huggingface_hub is not installed')
        return 0
    program, endpoint, model = sys.argv[1:]
    folder = 'models--' + model.replace('/', '--')
    with tempfile.TemporaryDirectory() as home:
        ours, theirs = os.path.join(home, 'ours'), os.path.join(home, 'theirs')
        base = {k: v for k, v in os.environ.items() if not k.startswith('HF_')}
        base.update(HF_ENDPOINT=endpoint, HF_HUB_DISABLE_XET='1', HF_HUB_DISABLE_PROGRESS_BARS='1')

        def run(command, cache, offline):
            env = dict(base, HF_HUB_CACHE=cache, HF_HOME=cache + '-home')
            if offline:
                env['HF_HUB_OFFLINE'] = '1'
            return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()

        snapshot = run([program, 'download', model], ours, False)
        files = sorted(os.path.relpath(os.path.join(at, n), snapshot) for at, _, names in os.walk(snapshot) for n in names)
        fetch = 'from huggingface_hub import hf_hub_download as d\n' + ''.join(f'print(d({model!r}, {f!r}))\n' for f in files)
        run([sys.executable, '-c', fetch], theirs, False)
        for absent in ('config.json', 'tokenizer_config.json', 'tokenizer.json'):
            if absent not in files:
                ask = f'from huggingface_hub import hf_hub_download as d\ntry: d({model!r}, {absent!r})\nexcept Exception: pass'
                run([sys.executable, '-c', ask], theirs, False)
        a, b = tree(os.path.join(ours, folder)), tree(os.path.join(theirs, folder))
        for path in sorted(set(a) ^ set(b)):
            print('only', 'ours' if path in a else 'theirs', path)
        for path in sorted(p for p in a if p in b and a[p] != b[p]):
            print('differs', path)
        print('the client reads ours:', run([sys.executable, '-c', fetch], ours, True).count('\n') + 1, 'files')
        whole = f'from huggingface_hub import snapshot_download as s\nprint(s({model!r}))'
        print('its snapshot of ours:', run([sys.executable, '-c', whole], ours, True) == snapshot)
        run([program, 'inspect', model, '--offline'], theirs, True)
        print('Amalgam reads theirs')
        return 1 if a != b else 0


if __name__ == '__main__':
    sys.exit(main())
