#!/bin/sh
# Reads a model card with the hub's own library, after a merge of the sample models.
#
#   tools/check-model-card.sh            needs python with huggingface_hub; skipped without it
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if ! "$python" -c 'import huggingface_hub' 2> /dev/null; then
    echo "skipped: $python has no huggingface_hub"
    exit 0
fi
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
${AMALGAM:-./amalgam} merge samples/recipes/digits-ties.yml "$out/merged" --quiet
"$python" - "$out/merged/README.md" <<'PYTHON'
import sys
from huggingface_hub import ModelCard

card = ModelCard.load(sys.argv[1])
assert card.data.library_name == "transformers", card.data
assert card.data.tags == ["merge", "amalgam"], card.data
assert card.text.lstrip().startswith("# Merge of "), card.text
print("the hub's library reads the model card:", card.data.to_dict())
PYTHON
