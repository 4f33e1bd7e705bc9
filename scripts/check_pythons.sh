#!/usr/bin/env bash
# Installs the extra `serve` for each given Python and predicts with it as .venv does.
#
#   scripts/check_pythons.sh ~/.pyenv/versions/3.1[23].*/bin/python
#
# Needs .venv (`make setup`) and the package registry that pip is set up for. Every Python
# gets an environment of its own in a temporary folder, with the lock's versions of what
# `serve` brings; torch is not installed. Minutes for each.
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset PYTHONPATH

# What only the extra `serve` need be there for.
tests=(tests/serving tests/data/test_windows.py tests/data/test_clean.py tests/data/test_resample.py
  tests/data/test_schema.py tests/data/test_activities.py)

cat > "$work/predict.py" <<'EOF'
import sys
from pathlib import Path

from har.serving.predictor import Predictor
from har.serving.recordings import read_user_recording

build, recording, written = map(Path, sys.argv[1:])
model = Predictor(build)
parts, _ = read_user_recording(recording, rate_hz=model.rate_hz, needs_gyro=model.needs_gyro)
model.predict_parts(parts).to_csv(written, index=False)
EOF

# One small model of each kind of graph, and a recording that must be resampled.
cd "$work"
ours() { PYTHONPATH=$root "$root/.venv/bin/$1" "${@:2}"; }
few=(--set store=store --set 'data.subjects=["hapt-01","hapt-02","hapt-03","hapt-07"]'
  --set 'split.test_subjects=["hapt-02"]' --set 'split.validation_subjects=["hapt-07"]'
  --set 'seeds=[0]' --set finetune.epochs=1 --set finetune.min_steps=1 --set 'models.svm.c_grid=[1]')
ours har export --model svm --model encoder-nano "${few[@]}" --json > builds.json
ours har data export hapt-02-exp03 "${few[@]}" -o walk.csv
awk -F, -v OFS=, 'NR > 1 { $3 = sprintf("%.6f", $3 / 1.02) } 1' walk.csv > 51-hz.csv
builds=(store/export-*/*/*.onnx)
recordings=(walk.csv 51-hz.csv)

predict() {  # FOLDER PYTHON...
  mkdir "$1"
  for build in "${builds[@]}"; do
    for recording in "${recordings[@]}"; do
      "${@:2}" predict.py "$build" "$recording" "$1/$(tr / - <<< "$build")-$recording"
    done
  done
}

succeed() {  # COMMAND...
  "$@" > output.txt 2>&1 || { cat output.txt; exit 1; }
  echo "har ${*:2}: done"
}

# A copy, for a build leaves folders beside what it builds.
mkdir source
git -C "$root" ls-files -z | tar -C "$root" --null -T - -c | tar -x -C source
predict expected ours python
for python in "$@"; do
  version=$("$python" -c 'import platform; print(platform.python_version())')
  echo "== Python $version"
  "$python" -m venv "$version"
  bin=$work/$version/bin
  "$bin/pip" install -q -q -c "$root/requirements.txt" './source[serve]'
  predict "found-$version" "$bin/python"
  diff -r expected "found-$version"
  echo "predictions: ${#builds[@]} builds, ${#recordings[@]} recordings, equal to .venv's"

  succeed "$bin/har" --help
  succeed "$bin/har" config
  succeed "$bin/har" data list
  succeed "$bin/har" data validate walk.csv
  succeed "$bin/har" registry list
  code=0
  "$bin/har" run > output.txt 2>&1 || code=$?
  [ $code = 6 ] && grep 'pip install .har-workflow\[train\]' output.txt || { cat output.txt; exit 1; }

  # The tests build a model by hand, with onnx.
  "$bin/pip" install -q -q -c "$root/requirements.txt" pytest pytest-timeout hypothesis onnx
  "$bin/python" -W error -m compileall -q source/har source/flows
  (cd source && "$bin/pytest" -q -p no:cacheprovider "${tests[@]}")
done
