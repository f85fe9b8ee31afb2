package circuitbreaker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// TestConformance plays every scenario through every way in. The contract is in conformance/README.md.
func TestConformance(t *testing.T) {
	all := scenarios(t)
	var run, failed int
	for _, scenario := range all {
		run++
		ok := t.Run(scenario.Name, func(t *testing.T) { playThroughAll(t, scenario) })
		if !ok {
			failed++
		}
	}
	fmt.Printf("\nconformance: suite %d, %d run, %d failed, 0 skipped\n", suite, run, failed)
	if run != len(all) {
		t.Errorf("%d of %d scenarios were run", run, len(all))
	}
}

func playThroughAll(t *testing.T, it scenario) {
	if it.Refused != nil {
		refused(t, it)
		return
	}
	asks := strings.Contains(fmt.Sprint(it.Steps), "retry_after")
	played := 0
	for name, make := range entries {
		if asks && !takesRetryAfter(name) && handsInRetryAfter(it) {
			continue
		}
		played++
		t.Run(name, func(t *testing.T) { play(t, it, make) })
	}
	if played == 0 {
		t.Error("played through no way in")
	}
}

func handsInRetryAfter(it scenario) bool {
	for _, step := range it.Steps {
		if _, found := nanoseconds(step, "retry_after"); found && step["op"] == "settle" {
			return true
		}
	}
	return false
}

// refused sees that the error names the field, the value and the range.
func refused(t *testing.T, it scenario) {
	cfg, options := configured(it.Config)
	cb, err := circuitbreaker.NewWithOptions(cfg, options...)
	var found *circuitbreaker.ConfigError
	if cb != nil || !errors.As(err, &found) {
		t.Fatalf("not refused: %v", err)
	}
	if field := fieldName(it.Refused["field"].(string), it.Config); found.Field != field {
		t.Errorf("field %s, not %s", found.Field, field)
	}
	if value, given := it.Refused["value"].(string); given && fmt.Sprint(found.Value) != value {
		wanted, _ := strconv.ParseFloat(value, 64)
		if got, err := strconv.ParseFloat(fmt.Sprint(found.Value), 64); err != nil || got != wanted {
			t.Errorf("value %v, not %v", found.Value, value)
		}
	}
	words := it.Refused["range"].(string)
	for core, ours := range circuitbreaker.FieldNames {
		if core != "shadow" && core != "jitter" {
			words = replaceWord(words, core, ours)
		}
	}
	if found.Range != words {
		t.Errorf("range %q, not %q", found.Range, words)
	}
	if want := fmt.Sprintf("%s is %v; it must be %s", found.Field, found.Value, words); !strings.HasSuffix(err.Error(), want) {
		t.Errorf("message %q", err)
	}
}

func replaceWord(text, from, to string) string {
	words := strings.Split(text, " ")
	for place, word := range words {
		if word == from {
			words[place] = to
		}
	}
	return strings.Join(words, " ")
}

// A player plays one scenario through one way in.
type player struct {
	*testing.T
	cb    *circuitbreaker.CircuitBreaker
	entry entry
	now   uint64
	reads atomic.Int64

	fresh, told, remembered []circuitbreaker.Transition
	last                    circuitbreaker.Transition
}

func play(t *testing.T, it scenario, make func(*circuitbreaker.CircuitBreaker) entry) {
	p := &player{T: t, last: circuitbreaker.Transition{To: circuitbreaker.StateClosed, Epoch: 1}}
	cfg, options := configured(it.Config)
	cb, err := circuitbreaker.NewWithOptions(cfg, append(options,
		circuitbreaker.WithNanoseconds(func() uint64 { p.reads.Add(1); return p.now }),
		circuitbreaker.WithClassifier(classify),
		circuitbreaker.OnStateChange(func(t circuitbreaker.Transition) { p.fresh = append(p.fresh, t) }),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	p.cb, p.entry = cb, make(cb)
	for place, step := range it.Steps {
		if problem := p.step(step); problem != "" {
			text, _ := json.Marshal(step)
			t.Fatalf("step %d, %s: %s", place+1, text, problem)
		}
	}
}

func (p *player) step(step object) string {
	if problem := p.do(step); problem != "" {
		return problem
	}
	if problem := p.lookAtTransitions(); problem != "" {
		return problem
	}
	if step["op"] == "transitions" {
		return p.compareTransitions(step["expect"].([]any))
	}
	return ""
}

func (p *player) do(step object) string {
	switch op := step["op"].(string); op {
	case "advance":
		ns, _ := nanoseconds(step, "")
		p.now += ns.Uint64()
	case "set_clock":
		ns, _ := nanoseconds(step, "")
		p.now = ns.Uint64()
	case "acquire":
		return p.verdict(step["expect"], p.entry.acquire(step["permit"].(string)))
	case "settle":
		return p.settle(step)
	case "drop":
		p.entry.settle(step["permit"].(string), "cancelled", nil)
	case "call":
		return p.call(step)
	case "record":
		for range whole(step, "times", 1) {
			if step["outcome"] == "success" {
				p.cb.RecordSuccess()
			} else {
				p.cb.RecordFailure()
			}
		}
	case "tick":
		p.cb.Tick()
	case "control":
		controls[step["do"].(string)](p.cb)
	case "state":
		state := p.cb.State()
		reads := p.reads.Load()
		if p.cb.IsOpen() != (state == circuitbreaker.StateOpen) {
			return "IsOpen says something else"
		}
		p.reads.Store(reads)
		return same(step["expect"], state.String())
	case "metrics":
		return p.metrics(step["expect"].(object))
	case "transitions":
		// Looked at after every step.
	case "clock_reads":
		return same(step["expect"], p.reads.Swap(0))
	default:
		return "there is no such op"
	}
	return ""
}

var controls = map[string]func(*circuitbreaker.CircuitBreaker){
	"reset":        (*circuitbreaker.CircuitBreaker).Reset,
	"trip":         (*circuitbreaker.CircuitBreaker).Trip,
	"force_open":   (*circuitbreaker.CircuitBreaker).ForceOpen,
	"force_closed": (*circuitbreaker.CircuitBreaker).ForceClosed,
	"automatic":    (*circuitbreaker.CircuitBreaker).Automatic,
}

func (p *player) settle(step object) string {
	var asked *uint64
	if ns, found := nanoseconds(step, "retry_after"); found {
		bits := bits64(ns)
		asked = &bits
	}
	effect := p.entry.settle(step["permit"].(string), step["outcome"].(string), asked)
	if effect == "" || step["expect"] == nil {
		return ""
	}
	return same(step["expect"], effect)
}

func (p *player) call(step object) string {
	takes := uint64(0)
	if ns, found := nanoseconds(step, "takes"); found {
		takes = ns.Uint64()
	}
	for range whole(step, "times", 1) {
		ran := 0
		err := p.entry.call(step["result"].(string), func() { ran++; p.now += takes })
		if problem := p.verdict(step["expect"], err); problem != "" {
			return problem
		}
		if want := 0; err == nil {
			want = 1
			if ran != want {
				return fmt.Sprintf("the function ran %d times", ran)
			}
		} else if ran != want {
			return "the function of a rejected call ran"
		}
	}
	return ""
}

// verdict sees that a call went through, or was rejected as it was to be.
func (p *player) verdict(expect any, err error) string {
	rejection, rejected := expect.(object)
	if !rejected {
		if err != nil {
			return fmt.Sprintf("rejected: %v", err)
		}
		return ""
	}
	var open *circuitbreaker.OpenError
	if !errors.Is(err, circuitbreaker.ErrOpen) || !errors.As(err, &open) {
		return fmt.Sprintf("not rejected: %v", err)
	}
	if problem := same(rejection["rejected"], open.Reason.String()); problem != "" {
		return problem
	}
	reads := p.reads.Load()
	wait, known := open.RetryAfter()
	p.reads.Store(reads)
	return sameWait(rejection, "retry_after", wait, known)
}

// lookAtTransitions sees that each From is the To before it, that epochs have no gaps, and that the breaker remembers them.
func (p *player) lookAtTransitions() string {
	for _, it := range p.fresh {
		if it.From != p.last.To || it.Epoch != p.last.Epoch+1 {
			return fmt.Sprintf("%+v follows %+v", it, p.last)
		}
		p.last = it
	}
	p.told = append(p.told, p.fresh...)
	p.remembered = append(p.remembered, p.fresh...)
	p.remembered = p.remembered[max(0, len(p.remembered)-32):]
	p.fresh = nil
	found := p.cb.RecentTransitions()
	if len(found) != len(p.remembered) || len(found) > 0 && !reflect.DeepEqual(found, p.remembered) {
		return fmt.Sprintf("the breaker remembers %+v, and told %+v", found, p.remembered)
	}
	return ""
}

func (p *player) compareTransitions(expect []any) string {
	told := p.told
	p.told = nil
	if len(told) != len(expect) {
		return fmt.Sprintf("%d transitions, not %d: %+v", len(told), len(expect), told)
	}
	for place, it := range told {
		mine := expect[place].(object)
		at := new(big.Int)
		if ns, found := nanoseconds(mine, "at"); found {
			at = ns
		}
		want := fmt.Sprint(mine["from"], mine["to"], mine["epoch"], mine["reason"])
		got := fmt.Sprint(it.From.String(), it.To.String(), strconv.FormatUint(it.Epoch, 10), it.Reason.String())
		// As the breaker's clock makes a time of a reading.
		if moment := (time.Time{}).Add(time.Duration(at.Uint64())); got != want || !it.At.Equal(moment) {
			return fmt.Sprintf("%s at %v, not %s at %v", got, it.At, want, moment)
		}
	}
	return ""
}

func (p *player) metrics(expect object) string {
	metrics := p.cb.Metrics()
	for name, want := range expect {
		var problem string
		switch {
		case strings.HasPrefix(name, "remaining_wait"):
			wait, known := metrics.RemainingWait()
			if want == nil {
				problem = same(false, known)
			} else {
				problem = sameWait(expect, "remaining_wait", wait, known)
			}
		case name == "success_rate":
			rate, known := metrics.SuccessRate()
			if want == nil {
				problem = same(false, known)
			} else if rate != number(want) || !known {
				problem = fmt.Sprintf("%v", rate)
			}
		default:
			problem = same(want, metric(&metrics, name))
		}
		if problem != "" {
			return name + ": " + problem
		}
	}
	return ""
}

// metric finds a field of Metrics by the suite's name for it.
func metric(metrics *circuitbreaker.Metrics, name string) any {
	value := reflect.ValueOf(metrics).Elem()
	for _, total := range []string{"rejected", "would_reject"} {
		if reason, found := strings.CutPrefix(name, total+"_"); found {
			return value.FieldByName(pascal(total) + "ByReason").FieldByName(pascal(reason)).Interface()
		}
	}
	switch name {
	case "state":
		return strings.ReplaceAll(metrics.State.String(), "_", "")
	case "transitions":
		return metrics.TransitionCount
	}
	for _, field := range []string{pascal(name), pascal(name) + "Count"} {
		if found := value.FieldByName(field); found.IsValid() {
			return found.Interface()
		}
	}
	return "there is no such metric"
}

func pascal(name string) string {
	var words strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		words.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return words.String()
}

func same(want, got any) string {
	if text, isText := want.(string); isText && fmt.Sprint(got) == strings.ReplaceAll(text, "_", "") {
		return ""
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return fmt.Sprintf("%v, not %v", got, want)
	}
	return ""
}

func sameWait(of object, name string, wait time.Duration, known bool) string {
	ns, wanted := nanoseconds(of, name)
	if known != wanted || wanted && wait != asDuration(ns) {
		return fmt.Sprintf("%s %v %v, not %v", name, wait, known, ns)
	}
	return ""
}
