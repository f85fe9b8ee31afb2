package circuitbreaker_test

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// suite is what this runner was written for.
const suite = 2

type object = map[string]any

type scenario struct {
	Name    string   `json:"name"`
	Level   string   `json:"level"`
	Config  object   `json:"config"`
	Refused object   `json:"refused"`
	Steps   []object `json:"steps"`
}

// conformance is where the suite is: beside this module, or where the environment says.
func conformance() string {
	if folder := os.Getenv("K1S0_CONFORMANCE"); folder != "" {
		return folder
	}
	return filepath.Join("..", "conformance")
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(conformance(), name))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	// Numbers beyond 2^53 are strings, but a seed as a number should not lose its end either.
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// scenarios are those of the manifest; fewer than it promises is an error.
func scenarios(t testing.TB) []scenario {
	t.Helper()
	var manifest struct {
		Suite, Scenarios int
		Files            []struct{ Path string }
	}
	readJSON(t, "manifest.json", &manifest)
	if manifest.Suite != suite {
		t.Fatalf("this runner is for suite %d, not %d", suite, manifest.Suite)
	}
	var all []scenario
	for _, file := range manifest.Files {
		var found struct{ Scenarios []scenario }
		readJSON(t, file.Path, &found)
		all = append(all, found.Scenarios...)
	}
	if len(all) == 0 || len(all) != manifest.Scenarios {
		t.Fatalf("%d scenarios, and the manifest promises %d", len(all), manifest.Scenarios)
	}
	return all
}

// nanoseconds reads a time of a step or a config, in whichever unit it is given.
func nanoseconds(of object, name string) (*big.Int, bool) {
	if name != "" {
		name += "_"
	}
	if text, found := of[name+"ns"].(string); found {
		value, ok := new(big.Int).SetString(text, 10)
		return value, ok
	}
	if ms, found := of[name+"ms"].(json.Number); found {
		value, ok := new(big.Rat).SetString(ms.String())
		value.Mul(value, big.NewRat(1_000_000, 1))
		return new(big.Int).Set(value.Num()), ok && value.IsInt()
	}
	return nil, false
}

// bits64 is a time as the core takes it: what 64 bits do not hold is never.
func bits64(ns *big.Int) uint64 {
	if ns.IsUint64() {
		return ns.Uint64()
	}
	return 1<<64 - 1
}

func number(value any) float64 {
	n, _ := value.(json.Number)
	f, _ := n.Float64()
	return f
}

func whole(of object, name string, otherwise int) int {
	if n, found := of[name].(json.Number); found {
		value, _ := n.Int64()
		return int(value)
	}
	return otherwise
}

// coreFields are the fields in the order of SPEC 3, and so the core's numbers for them.
var coreFields = []string{
	"failure_threshold", "success_threshold", "timeout", "half_open_max_calls", "probe_timeout", "failure_rate",
	"minimum_calls", "window_calls", "window_time", "window_buckets", "slow_call_duration", "slow_call_rate",
	"slow_minimum_calls", "count_hung_calls", "backoff_multiplier", "max_timeout", "jitter", "jitter_seed", "shadow",
}

// configured is what a scenario's breaker is made of. What Config cannot say goes to the core directly.
func configured(config object) (circuitbreaker.Config, []circuitbreaker.Option) {
	var cfg circuitbreaker.Config
	var options []circuitbreaker.Option
	for place, name := range coreFields {
		field := reflect.ValueOf(&cfg).Elem().FieldByName(fieldName(name, config))
		if ns, found := nanoseconds(config, name); found {
			if ns.IsInt64() && ns.Sign() > 0 && ns.Int64() != int64(circuitbreaker.Never) {
				field.SetInt(ns.Int64())
			} else if name == "timeout" && ns.Sign() == 0 {
				options = append(options, circuitbreaker.WithTimeout(0))
			} else {
				options = append(options, circuitbreaker.CoreBits(place, bits64(ns)))
			}
			continue
		}
		switch value := config[name].(type) {
		case nil:
		case bool:
			field.SetBool(value)
		case string:
			if value == "off" {
				options = append(options, circuitbreaker.WithoutFailureThreshold())
				continue
			}
			seed, _ := new(big.Int).SetString(value, 10)
			options = append(options, circuitbreaker.CoreBits(place, seed.Uint64()))
		case json.Number:
			exact := number(value)
			switch {
			case exact == 0:
				options = append(options, circuitbreaker.CoreNumber(place, exact))
			case field.Kind() == reflect.Float64:
				field.SetFloat(exact)
			case exact == float64(uint32(exact)):
				field.SetUint(uint64(exact))
			default:
				options = append(options, circuitbreaker.CoreNumber(place, exact))
			}
		}
	}
	return cfg, options
}

// fieldName is the core's name of a field as Config has it.
func fieldName(name string, config object) string {
	switch name {
	case "window_calls":
		return "WindowCalls"
	case "window_time":
		return "WindowTime"
	case "window":
		_, isTime := nanoseconds(config, "window_time")
		if isTime {
			return "WindowTime"
		}
		return "WindowCalls"
	}
	return circuitbreaker.FieldNames[name]
}

func asDuration(ns *big.Int) time.Duration {
	if ns.IsInt64() {
		return time.Duration(ns.Int64())
	}
	return circuitbreaker.Never
}
