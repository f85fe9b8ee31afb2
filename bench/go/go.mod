module github.com/k1s0/k1s0-circuit-breaker/bench/go

go 1.25

require (
	github.com/eapache/go-resiliency v1.7.0
	github.com/failsafe-go/failsafe-go v0.9.7
	github.com/k1s0/k1s0-circuit-breaker/bindings-go v0.1.0
	github.com/sony/gobreaker/v2 v2.4.0
)

require github.com/bits-and-blooms/bitset v1.24.4 // indirect

replace github.com/k1s0/k1s0-circuit-breaker/bindings-go => ../../bindings-go
