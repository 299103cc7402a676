//go:build tools

// Package tools keeps the modules of KFP's own commands among those that are required.
package tools

import (
	_ "github.com/kubeflow/pipelines/backend/src/v2/cmd/driver"
	_ "github.com/kubeflow/pipelines/backend/src/v2/cmd/launcher-v2"
)
