module github.com/k1s0/k1s0-circuit-breaker/bindings-go/test/migration

go 1.25

require (
	github.com/k1s0/k1s0-circuit-breaker/bindings-go v0.1.0
	github.com/sony/gobreaker/v2 v2.4.0
)

replace github.com/k1s0/k1s0-circuit-breaker/bindings-go => ../..
