#!/usr/bin/env python3
"""Compares pushes of Amalgam and of huggingface_hub to a hub on this machine (fakehub.py): each of the two repositories is downloaded by the client, and the files are equal.

usage: push-check.py AMALGAM DIR

AMALGAM is the program, DIR a model. Says so and ends well where huggingface_hub is not installed.
"""
import os, shutil, subprocess, sys, tempfile

TOKEN = 'hf_of_the_check'


def tree(root):
    found = {}
    for at, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if not d.startswith('.')]
        for name in names:
            if not name.startswith('.') and name != 'amalgam-report.json':
                found[os.path.relpath(os.path.join(at, name), root)] = open(os.path.join(at, name), 'rb').read()
    return found


def main():
    try:
        import huggingface_hub
    except ImportError:
        print('skipped: huggingface_hub is not installed')
        return 0
    program, model = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home:
        log = os.path.join(home, 'log')
        hub = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fakehub.py'), os.path.join(home, 'root'), '--token', TOKEN, '--log', log, '--part-size', '20000'],
                               stdout=subprocess.PIPE, text=True)
        try:
            endpoint = hub.stdout.readline().strip()
            env = {k: v for k, v in os.environ.items() if not k.startswith('HF_')}
            env.update(HF_ENDPOINT=endpoint, HF_TOKEN=TOKEN, HF_HOME=os.path.join(home, 'hf'), HF_HUB_DISABLE_XET='1', HF_HUB_DISABLE_PROGRESS_BARS='1')

            def python(code):
                return subprocess.run([sys.executable, '-c', code], env=env, check=True, capture_output=True, text=True).stdout.strip()

            ours = subprocess.run([program, 'push', model, 'org/ours', '--create', '--private'], env=env, check=True, capture_output=True, text=True)
            assert TOKEN not in ours.stdout + ours.stderr
            print(ours.stdout.strip())
            shutil.rmtree(os.path.join(home, 'root', '.objects'))  # So that the client sends it too.
            python(f"from huggingface_hub import HfApi as A\na = A()\na.create_repo('org/theirs')\na.upload_folder(repo_id='org/theirs', folder_path={model!r}, ignore_patterns=['amalgam-report.json', '.*'])")
            want = tree(model)
            bad = 0
            for name in ('org/ours', 'org/theirs'):
                got = tree(python(f'from huggingface_hub import snapshot_download as s\nprint(s({name!r}))'))
                print(name, 'downloaded by the client:', 'equal' if got == want else 'differs ' + str(sorted(set(got) ^ set(want))))
                bad += got != want
            again = subprocess.run([program, 'push', model, 'org/theirs'], env=env, check=True, capture_output=True, text=True).stdout
            print('what the client pushed, pushed again by Amalgam:', again.strip())
            bad += 'all is there' not in again
            client = python(f"from huggingface_hub import HfApi as A\na = A()\nprint(a.upload_folder(repo_id='org/ours', folder_path={model!r}, ignore_patterns=['amalgam-report.json', '.*']).oid == a.model_info('org/ours').sha)")
            print('what Amalgam pushed, pushed again by the client: no new commit', client)
            parts = sum(1 for line in open(log) if line.startswith('PUT'))
            print(parts, 'parts were sent, none with a token:', not any(line.startswith('PUT') and line.rstrip().endswith('token') for line in open(log)))
            return 1 if bad else 0
        finally:
            hub.terminate()


if __name__ == '__main__':
    sys.exit(main())
