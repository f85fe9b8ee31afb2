package migration_test

import (
	"context"
	"errors"
	"io"
	"log"
	"slices"
	"testing"

	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/test/migration/after"
	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/test/migration/before"
)

var errSick = errors.New("sick")

// The same calls come to the same, guarded by either.
func TestBothDoTheSame(t *testing.T) {
	log.SetOutput(io.Discard)
	var ran int
	fetch := func(notFound error) func(context.Context, int) (string, error) {
		return func(ctx context.Context, id int) (string, error) {
			ran++
			switch id {
			case 0:
				return "", errSick
			case 404:
				return "", notFound
			case -1:
				return "", context.Canceled
			}
			return "Ada", nil
		}
	}
	old := before.New(fetch(before.ErrNotFound))
	fresh, err := after.New(fetch(after.ErrNotFound))
	if err != nil {
		t.Fatal(err)
	}
	play := func(user func(context.Context, int) (string, error)) (said []string, calls int) {
		ran = 0
		for _, id := range []int{1, 404, 404, 404, 404, 404, 404, 1, -1, 0, 0, 0, 0, 404, 0, 0, 0, 0, 0, 1, 1} {
			ctx, cancel := context.WithCancel(t.Context())
			if id == -1 {
				// The caller gives up, before or after it made the call.
				cancel()
			}
			name, err := user(ctx, id)
			cancel()
			if err != nil {
				name = err.Error()
			}
			said = append(said, name)
		}
		return said, ran
	}
	saidBefore, ranBefore := play(old.User)
	saidAfter, ranAfter := play(fresh.User)
	if !slices.Equal(saidBefore, saidAfter) {
		t.Errorf("before: %v\nafter:  %v", saidBefore, saidAfter)
	}
	// A context that is done already does not even reach the function.
	if ranAfter != ranBefore-1 || saidAfter[len(saidAfter)-1] != "somebody" {
		t.Errorf("%d calls before, %d after", ranBefore, ranAfter)
	}
}
