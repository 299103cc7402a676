#!/usr/bin/env bash
# Build the images of components/Containerfile with Docker or Podman.
#
#   components/build_images.sh [BASE]
#
# BASE is an image with Python 3.11 to 3.13 and pip. The default is the Containerfile's base image.
# If it cannot be pulled, a base image is made from Debian's packages. ENGINE names another engine.
# SOURCE is the URL of the source in the images' labels, by default the https URL of git's origin.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "error: $1" >&2
  exit 2
}

engine=${ENGINE:-$(command -v docker || command -v podman || true)}
[ -n "$engine" ] || fail "no container engine is installed. Install Docker or Podman"
"$engine" info >/dev/null 2>&1 ||
  fail "$engine does not answer. Start it, or name its socket in DOCKER_HOST"

from_debian() {
  [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null ||
    fail "$1 cannot be pulled. Name a base image (make images BASE=...), or run as root with debootstrap installed to make one"
  local root
  root=$(mktemp -d)
  debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates bookworm "$root" >&2
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf"
  tar -C "$root" --numeric-owner -c . | "$engine" import \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    - localhost/quantgate/base:bookworm >&2
  rm -rf "$root"
  echo localhost/quantgate/base:bookworm
}

base=${1:-}
if [ -z "$base" ]; then
  base=$(sed -n 's/^ARG BASE=//p' components/Containerfile)
  "$engine" image inspect "$base" >/dev/null 2>&1 || "$engine" pull "$base" >&2 ||
    base=$(from_debian "$base")
fi
source=${SOURCE:-$(git config --get remote.origin.url | grep '^https://' || true)}
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/quantgate/__init__.py)
for target in runtime convert; do
  DOCKER_BUILDKIT=1 "$engine" build -f components/Containerfile --build-arg "BASE=$base" \
    --build-arg "SOURCE=$source" \
    --build-arg "VERSION=$version" --target "$target" -t "quantgate/$target:$version" .
done
"$engine" images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -E '^(localhost/)?quantgate/'
