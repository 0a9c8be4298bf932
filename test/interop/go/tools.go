//go:build tools

// Package interop pins the interop programs of grpc-go, which scripts/interop-client.mjs builds.
package interop

import (
	_ "google.golang.org/grpc/interop/client"
	_ "google.golang.org/grpc/interop/server"
)
