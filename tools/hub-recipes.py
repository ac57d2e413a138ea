#!/usr/bin/env python3
"""Runs public recipes, unchanged, with models from a hub on this machine; prints tables of requests and bytes, and of the hub's faults.

usage: hub-recipes.py AMALGAM [--hub FAKEHUB] [--faults | --plan]

AMALGAM is the program. FAKEHUB is a program like fakehub.py beside this script, which is the default.
Recipes are those of public model cards; each repository they name is a stand-in: few, narrow layers with random weights, and a
tokenizer. Each recipe is planned with an empty cache, merged (downloading), merged again offline, and merged with --stream
from an empty cache; the three outputs have to be equal. --faults runs the first recipe against a hub with each of its faults.
--plan counts what a plan of four models of 80 layers in 30 shards asks for and fetches; the tensors are small, their headers are not.
Needs numpy, safetensors and tokenizers.
"""
import argparse, hashlib, json, os, re, shutil, subprocess, sys, tempfile, time

RECIPES = {
    # name of the model card, command, what the models are, text
    'mlabonne/NeuralPipe-7B-slerp': ('merge', 'mistral', """slices:
  - sources:
      - model: OpenPipe/mistral-ft-optimized-1218
        layer_range: [0, 32]
      - model: mlabonne/NeuralHermes-2.5-Mistral-7B
        layer_range: [0, 32]
merge_method: slerp
base_model: OpenPipe/mistral-ft-optimized-1218
parameters:
  t:
    - filter: self_attn
      value: [0, 0.5, 0.3, 0.7, 1]
    - filter: mlp
      value: [1, 0.5, 0.7, 0.3, 0]
    - value: 0.5
dtype: bfloat16
"""),
    'testmoto/gemma-2-llm2024-01': ('merge', 'gemma2', """models:
  - model: google/gemma-2-9b
    # No parameters necessary for base model
  - model: testmoto/gemma-2-9b-lora-0
    parameters:
      density: 0.53
      weight: 0.4
  - model: testmoto/gemma-2-9b-platypus-02
    parameters:
      density: 0.53
      weight: 0.3
  - model: testmoto/gemma-2-9b-lora-aozora
    parameters:
      density: 0.53
      weight: 0.3
merge_method: dare_ties
base_model: google/gemma-2-9b
parameters:
  int8_mask: true
dtype: bfloat16
"""),
    'mlabonne/NeuralPipe-9B-merged': ('merge', 'mistral', """slices:
  - sources:
    - model: OpenPipe/mistral-ft-optimized-1218
      layer_range: [0, 32]
  - sources:
    - model: mlabonne/NeuralHermes-2.5-Mistral-7B
      layer_range: [24, 32]
merge_method: passthrough
dtype: bfloat16
"""),
    'spacematt/Gemma-Moon-2-9B-it': ('merge', 'gemma2', """base_model: spacematt/Gemma-Bloom-2-9B-it
models:
  - model: spacematt/Gemma-Bloom-2-9B-it
  - model: spacematt/Gemma-Lingua-2-9B-it
    parameters:
      density: 0.5
      weight: 0.5
  - model: spacematt/Gemma-Loom-2-9B-it
    parameters:
      density: 0.5
      weight: 0.5
merge_method: dare_ties
parameters:
  int8_mask: true
chat_template: auto
dtype: bfloat16
tokenizer_source: spacematt/Gemma-Bloom-2-9B-it
"""),
    'Edens-Gate/Holland-Magnum-Merge-R2': ('merge', 'llama', """base_model: Delta-Vector/Holland-4B-V1
dtype: bfloat16
merge_method: task_arithmetic
parameters:
  normalize: false
slices:
- sources:
  - layer_range: [0, 32]
    model: Delta-Vector/Holland-4B-V1
  - layer_range: [0, 32]
    model: NewEden/Holland-V2
    parameters:
      weight: 0.50
  - layer_range: [0, 32]
    model: anthracite-org/magnum-v2-4b
    parameters:
      weight: 0.50
"""),
    'a model_stock of adapters on FreedomIntelligence/HuatuoGPT-o1-8B': ('merge', 'llama', """models:   
  - model: FreedomIntelligence/HuatuoGPT-o1-8B+eeeebbb2/3aff0ea7-4262-4abb-97b1-1879f340d32e
  - model: FreedomIntelligence/HuatuoGPT-o1-8B+surya-narayanan/professional_psychology
  - model: FreedomIntelligence/HuatuoGPT-o1-8B+Blackroot/Llama-3-LongStory-LORA
  - model: FreedomIntelligence/HuatuoGPT-o1-8B+ResplendentAI/Llama3_RP_ORPO_LoRA
  - model: FreedomIntelligence/HuatuoGPT-o1-8B+vincentyandex/lora_llama3_chunked_novel_bs128  
  - model: FreedomIntelligence/HuatuoGPT-o1-8B+surya-narayanan/human_sexuality 
merge_method: model_stock
base_model: FreedomIntelligence/HuatuoGPT-o1-8B+grimjim/Llama-3-Instruct-abliteration-LoRA-8B
dtype: bfloat16
"""),
    'L3.1-Moe-2x8B-v0.2': ('moe', 'llama', """base_model: Joseph717171/Llama-3.1-SuperNova-8B-Lite_TIES_with_Base
gate_mode: hidden
dtype: bfloat16
experts:
  - source_model: Joseph717171/Llama-3.1-SuperNova-8B-Lite_TIES_with_Base
    positive_prompts: &common_prompts
      - "chat"
      - "assistant"
      - "tell me"
      - "explain"
      - "I want"
      - "code"
      - "python"
      - "javascript"
      - "programming"
      - "algorithm"
      - "reason"
      - "math"
      - "mathematics"
      - "solve"
      - "count"
    negative_prompts: &rp_prompts
      - "storywriting"
      - "write"
      - "scene"
      - "story"
      - "character"
  - source_model: ArliAI/Llama-3.1-8B-ArliAI-RPMax-v1.2
    positive_prompts: *rp_prompts
    negative_prompts: *common_prompts
"""),
}
FAULTS = ['', 'drop=3', 'busy=4', 'limit=4', 'busy=3,limit=5,drop=4', 'noetag', 'norange', 'corrupt=5', 'slow=400000', 'moved']
LAYERS = {'mistral': 32, 'llama': 32, 'gemma2': 42}
WIDTH, INNER, HEADS, KV, HEAD, VOCABULARY = 32, 64, 4, 2, 8, 320
NAME = re.compile(r'[A-Za-z0-9_][\w.-]*/[\w.-]+')


def config(kind):
    class_name = {'mistral': 'Mistral', 'llama': 'Llama', 'gemma2': 'Gemma2'}[kind] + 'ForCausalLM'
    c = dict(architectures=[class_name], model_type=kind, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS[kind],
             num_attention_heads=HEADS, num_key_value_heads=KV, head_dim=HEAD, vocab_size=VOCABULARY, max_position_embeddings=128, rms_norm_eps=1e-5,
             rope_theta=10000.0, torch_dtype='bfloat16', hidden_act='silu', tie_word_embeddings=kind == 'gemma2', bos_token_id=0, eos_token_id=0)
    if kind == 'gemma2':
        c.update(hidden_act='gelu_pytorch_tanh', hidden_activation='gelu_pytorch_tanh', query_pre_attn_scalar=HEAD, sliding_window=64, attn_logit_softcapping=50.0, final_logit_softcapping=30.0)
    return c


def shapes(kind, layers=None):
    yield 'model.embed_tokens.weight', (VOCABULARY, WIDTH)
    for n in range(layers or LAYERS[kind]):
        at = f'model.layers.{n}.'
        for m, shape in dict(q=(HEADS * HEAD, WIDTH), k=(KV * HEAD, WIDTH), v=(KV * HEAD, WIDTH), o=(WIDTH, HEADS * HEAD)).items():
            yield f'{at}self_attn.{m}_proj.weight', shape
        for m, shape in dict(gate=(INNER, WIDTH), up=(INNER, WIDTH), down=(WIDTH, INNER)).items():
            yield f'{at}mlp.{m}_proj.weight', shape
        norms = ['input_layernorm', 'post_attention_layernorm'] + (['pre_feedforward_layernorm', 'post_feedforward_layernorm'] if kind == 'gemma2' else [])
        for m in norms:
            yield f'{at}{m}.weight', (WIDTH,)
    yield 'model.norm.weight', (WIDTH,)
    if kind != 'gemma2':
        yield 'lm_head.weight', (VOCABULARY, WIDTH)


def tokenizer(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers, decoders
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    t = Tokenizer(models.BPE({x: i for i, x in enumerate(['<s>'] + letters + ['th', 'in', 'on', 'er'])}, [('t', 'h'), ('i', 'n'), ('o', 'n'), ('e', 'r')]))
    t.pre_tokenizer, t.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    t.add_special_tokens(['<s>'])
    t.save(os.path.join(folder, 'tokenizer.json'))
    with open(os.path.join(folder, 'tokenizer_config.json'), 'w') as f:
        json.dump(dict(tokenizer_class='PreTrainedTokenizerFast', bos_token='<s>', eos_token='<s>', chat_template='{% for m in messages %}{{ m.content }}{% endfor %}'), f)


def model(folder, kind, seed, adapter_of=None):
    import numpy as np
    from safetensors.numpy import save_file
    os.makedirs(folder)
    rng = np.random.default_rng(seed)
    def values(shape):
        return (rng.standard_normal(shape) * 0.05).astype(np.float16)
    if adapter_of:
        targets = ['q_proj', 'v_proj']
        with open(os.path.join(folder, 'adapter_config.json'), 'w') as f:
            json.dump(dict(peft_type='LORA', base_model_name_or_path=adapter_of, r=4, lora_alpha=8, target_modules=targets, task_type='CAUSAL_LM'), f)
        pairs = {}
        for name, shape in shapes(kind):
            if name.split('.')[-2] in targets:
                module = 'base_model.model.' + name[:-len('.weight')]
                pairs[module + '.lora_A.weight'], pairs[module + '.lora_B.weight'] = values((4, shape[1])), values((shape[0], 4))
        save_file(pairs, os.path.join(folder, 'adapter_model.safetensors'))
        return
    with open(os.path.join(folder, 'config.json'), 'w') as f:
        json.dump(config(kind), f)
    tokenizer(folder)
    tensors = list(shapes(kind))
    weights, half = {}, len(tensors) // 2
    for i, part in enumerate((tensors[:half], tensors[half:]), 1):
        name = f'model-0000{i}-of-00002.safetensors'
        save_file({n: values(s) for n, s in part}, os.path.join(folder, name), metadata={'format': 'pt'})
        weights.update({n: name for n, _ in part})
    with open(os.path.join(folder, 'model.safetensors.index.json'), 'w') as f:
        json.dump(dict(metadata={}, weight_map=weights), f)


def repositories(root, text, kind):
    """Makes what a recipe names: models, and after a plus adapters."""
    for line in text.splitlines():
        named = re.match(r'\s*(?:- )?(?:\w+: )?(?:&\w+ )?(\S+/\S+)\s*$', line.split(' #')[0])
        if not named:
            continue
        base, *adapters = named.group(1).split('+')
        for i, name in enumerate([base] + adapters):
            at = os.path.join(root, name.lower(), 'main')
            if NAME.fullmatch(name) and not os.path.exists(at):
                model(at, kind, int(hashlib.sha1(name.encode()).hexdigest()[:8], 16), base if i else None)
            if not os.path.exists(os.path.join(root, name)):
                shutil.copytree(os.path.join(root, name.lower()), os.path.join(root, name))


def large(folder, seed):
    """As many tensors and shards as Llama 70B has."""
    import numpy as np
    from safetensors.numpy import save_file
    os.makedirs(folder)
    with open(os.path.join(folder, 'config.json'), 'w') as f:
        json.dump(dict(config('llama'), num_hidden_layers=80), f)
    tokenizer(folder)
    tensors, shards, weights = list(shapes('llama', 80)), 30, {}
    rng = np.random.default_rng(seed)
    for i in range(shards):
        name = f'model-{i + 1:05}-of-{shards:05}.safetensors'
        part = tensors[i * len(tensors) // shards:(i + 1) * len(tensors) // shards]
        save_file({n: rng.standard_normal(s).astype(np.float16) for n, s in part}, os.path.join(folder, name), metadata={'format': 'pt'})
        weights.update({n: name for n, _ in part})
    with open(os.path.join(folder, 'model.safetensors.index.json'), 'w') as f:
        json.dump(dict(metadata={}, weight_map=weights), f, indent=2)


class Hub:
    def __init__(self, program, root, log, faults=''):
        self.log, self.seen = log, 0
        self.process = subprocess.Popen([sys.executable, program, root, '--log', log] + (['--faults', faults] if faults else []), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()

    def requests(self):
        lines = open(self.log).read().splitlines() if os.path.exists(self.log) else []
        new, self.seen = lines[self.seen:], len(lines)
        return new

    def close(self):
        self.process.kill()
        self.process.wait()


def digest(folder):
    """Of the weights, config and tokenizer: reports and cards name times, or how often something was asked."""
    h = hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        if name.endswith('.safetensors') or name in ('config.json', 'tokenizer.json', 'model.safetensors.index.json'):
            h.update(name.encode() + open(os.path.join(folder, name), 'rb').read())
    return h.hexdigest()[:12]


class Run:
    def __init__(self, program, hub, home, work):
        self.program, self.hub, self.home, self.work = program, hub, home, work

    def __call__(self, *arguments, home=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith(('HF_', 'TRANSFORMERS_'))}
        env.update(HF_ENDPOINT=self.hub.address, HF_HOME=home or self.home)
        begin = time.time()
        done = subprocess.run([self.program, *arguments], env=env, cwd=self.work, capture_output=True, text=True)
        return done, len(self.hub.requests()), time.time() - begin


def said(done):
    lines = [x for x in (done.stderr + done.stdout).splitlines() if x.strip() and not x.startswith('WARNING')]
    return (lines[0] if lines else '')[:200]


def recipes(program, fakehub, top):
    print('| recipe | plan: exit, requests | merge: exit, requests | offline: exit, requests | --stream: exit, requests | outputs equal |\n|---|---|---|---|---|---|')
    bad = 0
    for n, (card, (command, kind, text)) in enumerate(RECIPES.items()):
        work = os.path.join(top, f'recipe-{n}')
        root = os.path.join(work, 'hub')
        os.makedirs(root)
        repositories(root, text, kind)
        open(os.path.join(work, 'recipe.yml'), 'w').write(text)
        hub = Hub(fakehub, root, os.path.join(work, 'log'))
        run = Run(program, hub, os.path.join(work, 'home'), work)
        try:
            row, outputs = [], []
            if command == 'merge':
                done, asked, _ = run('plan', 'recipe.yml', home=os.path.join(work, 'plan'))
                row.append(f'{done.returncode}, {asked}')
            else:
                done, asked, _ = run(command, 'recipe.yml', 'never', '--dry-run', home=os.path.join(work, 'plan'))
                row.append(f'{done.returncode}, {asked}')
            problems = [said(done)] if done.returncode else []
            for out, more, home in (('a', [], None), ('b', ['--offline'], None), ('c', ['--stream'], os.path.join(work, 'streamed'))):
                if command == 'moe' and more == ['--stream']:
                    row.append('not offered')
                    continue
                done, asked, _ = run(command, 'recipe.yml', out, '--random-seed', '1', *more, home=home) if command == 'merge' else run(command, 'recipe.yml', out, *more, home=home)
                row.append(f'{done.returncode}, {asked}')
                if done.returncode:
                    problems.append(said(done))
                else:
                    outputs.append(digest(os.path.join(work, out)))
            equal = len(set(outputs)) == 1 and not problems
            bad += not equal
            print('| ' + ' | '.join([card, *row, 'yes' if equal else 'NO: ' + '; '.join(problems)]) + ' |', flush=True)
        finally:
            hub.close()
    return bad


def faults(program, fakehub, top):
    card, (_, kind, text) = next(iter(RECIPES.items()))
    print('\n| fault | download: exit, requests | output | --stream: exit, requests | output |\n|---|---|---|---|---|')
    work = os.path.join(top, 'faults')
    root = os.path.join(work, 'hub')
    os.makedirs(root)
    repositories(root, text, kind)
    open(os.path.join(work, 'recipe.yml'), 'w').write(text)
    right, bad = None, 0
    for n, fault in enumerate(FAULTS):
        hub = Hub(fakehub, root, os.path.join(work, f'log-{n}'), fault)
        try:
            run = Run(program, hub, '', work)
            row = []
            for out, more in ((f'd{n}', []), (f's{n}', ['--stream'])):
                done, asked, seconds = run('merge', 'recipe.yml', out, *more, home=os.path.join(work, out + '-home'))
                result = said(done) if done.returncode else digest(os.path.join(work, out))
                right = right or result
                if done.returncode == 0:
                    bad += result != right
                    result = 'right' if result == right else 'WRONG'
                row += [f'{done.returncode}, {asked}', result.replace('|', '/')]
            print('| ' + ' | '.join([fault or 'none', *row]) + ' |', flush=True)
        finally:
            hub.close()
    return bad


def planned(program, fakehub, top):
    root, names = os.path.join(top, 'hub'), [f'org/large-{i}' for i in range(4)]
    for i, name in enumerate(names):
        large(os.path.join(root, name, 'main'), i)
    with open(os.path.join(top, 'recipe.yml'), 'w') as f:
        f.write('merge_method: linear\nmodels:\n' + ''.join(f'  - {{model: {n}, parameters: {{weight: 0.25}}}}\n' for n in names))
    hub = Hub(fakehub, root, os.path.join(top, 'log'))
    try:
        done, asked, _ = Run(program, hub, os.path.join(top, 'home'), top)('plan', 'recipe.yml')
    finally:
        hub.close()
    if done.returncode:
        print(said(done))
        return 1
    lines = [x.split() for x in open(os.path.join(top, 'log'))]
    ranges = [re.match(r'bytes=(\d+)-(\d+)', x[2]) for x in lines if x[1].startswith('/cdn/')]
    headers = sum(int(r[2]) - int(r[1]) + 1 for r in ranges if r)
    small = sum(os.path.getsize(os.path.join(root, n, 'main', f)) for n in names for f in os.listdir(os.path.join(root, n, 'main')) if f.endswith('.json'))
    print(f'exit {done.returncode}: {asked} requests, of them {sum(1 for x in lines if x[1].startswith("/cdn/"))} after a redirect; {headers} bytes of headers, {small} of other files')
    return done.returncode


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('program')
    p.add_argument('--hub', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fakehub.py'))
    p.add_argument('--faults', action='store_true')
    p.add_argument('--plan', action='store_true')
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as top:
        bad = (faults if args.faults else planned if args.plan else recipes)(os.path.abspath(args.program), args.hub, top)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
