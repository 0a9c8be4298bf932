//go:build tools

package tools

import _ "github.com/bufbuild/protovalidate/tools/protovalidate-conformance"
