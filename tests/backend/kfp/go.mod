// The module's root. What it requires stands in kfp-<version>.mod, one file a backend version.
module quantgate/tests/backend/kfp

go 1.24
