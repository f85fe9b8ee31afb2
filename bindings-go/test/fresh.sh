#!/usr/bin/env bash
# A user's program, outside of this repository: it gets the modules from a proxy, as they are published, without a C compiler.
#   usage: fresh.sh FOLDER PROXY   (FOLDER is made; PROXY is what `cargo xtask package go` filled)
set -euo pipefail
folder=$1 proxy=$2
module=github.com/k1s0/k1s0-circuit-breaker/bindings-go

export CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local
# What is ours comes from the folder; what the contrib modules need, from where this machine gets it.
GOPROXY="file://$proxy,file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
export GOPROXY GONOSUMDB="$module*" GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$folder/modules"
# The same version with other content is nothing that a cache expects.
rm -rf "$GOMODCACHE/github.com/k1s0" "$GOMODCACHE/cache/download/github.com/k1s0" "$folder/program"
mkdir -p "$folder/program"
cd "$folder/program"

cat >main.go <<'PROGRAM'
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/contrib/grpc"
	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/contrib/otel"
	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/httpbreaker"
)

func main() {
	cb := circuitbreaker.New(circuitbreaker.Config{FailureThreshold: 2})
	for range 2 {
		_ = cb.Call(func() error { return errors.New("no answer") })
	}
	err := cb.CallContext(context.Background(), func(context.Context) error { return nil })
	fmt.Println(errors.Is(err, circuitbreaker.ErrOpen), cb.State(), err)
	client := http.Client{Transport: httpbreaker.NewTransport(cb)}
	_, err = client.Get("http://localhost/")
	fmt.Println(errors.Is(err, circuitbreaker.ErrOpen))
	_ = grpcbreaker.UnaryClientInterceptor(cb)
	_, err = otelbreaker.NewInstruments()
	fmt.Println(err)
}
PROGRAM
go mod init example.com/fresh 2>/dev/null
go mod tidy 2>/dev/null
said=$(go run .)
expected='true open circuit breaker is open
true
<nil>'
if [ "$said" != "$expected" ]; then
    echo "the program said: $said"
    exit 1
fi
echo "ok  	a fresh module, CGO_ENABLED=0, ran"
# The breaker alone, for another system.
mkdir small
cat >small/main.go <<'PROGRAM'
package main

import circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"

func main() { println(circuitbreaker.New(circuitbreaker.Config{}).State().String()) }
PROGRAM
for platform in windows/amd64 linux/arm64; do
    GOOS=${platform%/*} GOARCH=${platform#*/} go build -o out ./small
    echo "ok  	a fresh module, built for $platform"
done
