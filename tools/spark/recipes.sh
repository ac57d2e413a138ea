# The models and recipes of tools/spark-cluster.sh, which sources this. Sets: base, one, two, shard, methods.

"$amalgam" bench --size "$size" --rounds 1 --methods linear --no-mergekit --models "$work/bench" --out "$work/floor" \
    --quiet >/dev/null 2>&1
models=$(dirname "$(dirname "$(find "$work/bench" -name '*.safetensors' | head -1)")")
base=$models/base one=$models/tuned-1 two=$models/tuned-2
shard=$(($(du -sk "$base" | cut -f 1) * 1024 / 12))
layers=$(sed -n 's/.*"num_hidden_layers": *\([0-9]*\).*/\1/p' "$base/config.json")
golden=$home/merge-formats/src/test/resources/golden/tokenizer
methods="linear ties dare_ties trim_scope stack lora vocabulary"

recipe() { # NAME METHOD PARAMETERS [MODEL]
    printf 'merge_method: %s\nbase_model: %s\nmodels:\n  - {model: %s, parameters: {weight: 0.6}}\n  - {model: %s, parameters: {weight: 0.3}}\nparameters: {%s}\n' \
        "$2" "$base" "${4:-$one}" "$two" "$3" >"$work/$1.yml"
}
recipe linear linear ''
sed -i.bak '/base_model/d' "$work/linear.yml"
recipe ties ties 'density: 0.5'
recipe dare_ties dare_ties 'density: 0.5'
recipe trim_scope ties 'density: 0.5, trim_scope: model'

make_recipes_of_other_kinds() {
    AMALGAM_JAVA_OPTS=-Xmx1g "$amalgam" lora extract "$one" "$base" "$work/adapter" --rank 4 >"$work/alone.log" 2>&1
    recipe lora task_arithmetic '' "$base+$work/adapter"
    printf 'merge_method: passthrough\nslices:\n  - sources: [{model: %s, layer_range: [0, %d]}]\n  - sources: [{model: %s, layer_range: [1, %d]}]\n' \
        "$base" $((layers - 1)) "$one" "$layers" >"$work/stack.yml"
    sed "s:models/:$golden/models/:" "$golden/recipes/union.yml" >"$work/vocabulary.yml"
}

shard_of() { # RECIPE: bytes of a file, so that there are several
    if [ "$1" = vocabulary ]; then echo 4000; else echo "$shard"; fi
}
