#!/bin/sh
# Run a container's command in a root of its own, made of the machine's and of the pod's volumes.
# Usage, in a mount namespace: enter_pod.sh ROOT MOUNTS COMMAND...
# ROOT is an empty folder. MOUNTS is a file of lines "SOURCE<tab>TARGET".
set -eu
root=$1 mounts=$2
shift 2

mount -t tmpfs pod "$root"
device=$(stat -c %d "$root")

for entry in /* /.[!.]*; do
  case $entry in
    /tmp | /run | /mnt | /media | /lost+found) ;;
    *)
      if [ -L "$entry" ]; then
        cp -P "$entry" "$root$entry"
      elif [ -d "$entry" ]; then
        mkdir "$root$entry"
        [ -z "$(ls -A "$entry")" ] || mount --rbind "$entry" "$root$entry"
      fi ;;
  esac
done

# Make what a volume is mounted on; never in a folder of the machine.
make_target() {
  ancestor=$(dirname "$2")
  until [ -e "$root$ancestor" ]; do ancestor=$(dirname "$ancestor"); done
  case $ancestor in
    /tmp | /tmp/*) ;;
    *)
      if [ "$(stat -c %d "$root$ancestor")" != "$device" ]; then
        echo "enter_pod.sh: $2 cannot be mounted: $ancestor is a folder of this machine" >&2
        exit 1
      fi ;;
  esac
  mkdir -p "$root$(dirname "$2")"
  if [ -d "$1" ]; then mkdir "$root$2"; else : > "$root$2"; fi
}

tab=$(printf '\t')
while IFS="$tab" read -r source target; do
  [ -e "$root$target" ] || make_target "$source" "$target"
  mount --bind "$source" "$root$target"
done < "$mounts"

exec chroot "$root" "$@"
