#!/bin/sh
# Removes from installed libraries what no task reads: tests, headers, and what pyarrow and LiteRT
# have for network services and GPUs. The Containerfile runs it where it installs.
set -eu
site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
find "$site" -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.a' \) -delete
rm -rf "$site"/pyarrow/*flight* "$site"/pyarrow/*arrow_s3* "$site"/pyarrow/_s3fs* \
  "$site"/pyarrow/src "$site"/ai_edge_litert/libLiteRtWebGpuAccelerator.so
