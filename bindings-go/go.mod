module github.com/k1s0/k1s0-circuit-breaker/bindings-go

go 1.25
