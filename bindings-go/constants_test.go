package circuitbreaker_test

import (
	"encoding/json"
	"testing"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// What conformance/constants.json says of this package: the words, and the tables.

func TestWords(t *testing.T) {
	var constants map[string]json.RawMessage
	readJSON(t, "constants.json", &constants)
	for list, words := range circuitbreaker.Words {
		var wanted []string
		if json.Unmarshal(constants[list], &wanted) != nil {
			var entries []struct{ Name, Label string }
			if err := json.Unmarshal(constants[list], &entries); err != nil {
				t.Fatal(err)
			}
			wanted = nil
			for _, entry := range entries {
				if entry.Label != "" {
					entry.Name = entry.Label
				}
				wanted = append(wanted, entry.Name)
			}
		}
		if len(wanted) != len(words) {
			t.Fatalf("%s: %v, not %v", list, words, wanted)
		}
		for number, word := range words {
			if word != wanted[number] {
				t.Errorf("%s: %d is %q, not %q", list, number, word, wanted[number])
			}
		}
	}
}

func TestWordsOutOfRange(t *testing.T) {
	if got := circuitbreaker.State(7).String(); got != "State(7)" {
		t.Error(got)
	}
	var state circuitbreaker.State
	if err := state.UnmarshalText([]byte("ajar")); err == nil {
		t.Error("a state was made of it")
	}
	for _, known := range []circuitbreaker.State{
		circuitbreaker.StateClosed, circuitbreaker.StateOpen, circuitbreaker.StateHalfOpen,
	} {
		text, _ := known.MarshalText()
		if err := state.UnmarshalText(text); err != nil || state != known {
			t.Errorf("%s became %v", text, state)
		}
	}
}

func TestHTTPStatuses(t *testing.T) {
	var constants struct {
		Table map[string][][2]int `json:"http_status"`
	}
	readJSON(t, "constants.json", &constants)
	looked := 0
	for outcome, ranges := range constants.Table {
		for _, each := range ranges {
			for status := each[0]; status <= each[1]; status++ {
				looked++
				if found := circuitbreaker.ClassifyHTTPStatus(status); found.String() != outcome {
					t.Errorf("%d is %v, not %s", status, found, outcome)
				}
			}
		}
	}
	if looked < 500 {
		t.Errorf("%d statuses", looked)
	}
	for _, none := range []int{-1, 0, 200 + 1<<16} {
		if found := circuitbreaker.ClassifyHTTPStatus(none); found != circuitbreaker.Failure {
			t.Errorf("%d is %v", none, found)
		}
	}
}

func TestGRPCStatusesAndTransportErrors(t *testing.T) {
	var constants struct {
		Codes []struct {
			Code    int
			Outcome string
		} `json:"grpc_status"`
		Errors []struct{ Name, Outcome string } `json:"transport_errors"`
	}
	readJSON(t, "constants.json", &constants)
	if len(constants.Codes) < 17 || len(constants.Errors) < 6 {
		t.Fatal("the tables are too short")
	}
	for _, each := range constants.Codes {
		if found := circuitbreaker.ClassifyGRPCStatus(each.Code); found.String() != each.Outcome {
			t.Errorf("%d is %v, not %s", each.Code, found, each.Outcome)
		}
	}
	for number, each := range constants.Errors {
		kind := circuitbreaker.TransportError(number)
		if found := circuitbreaker.ClassifyTransportError(kind); found.String() != each.Outcome || kind.String() != each.Name {
			t.Errorf("%v is %v, not %v", kind, found, each)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	const date, until = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT"
	for _, each := range []struct {
		status            int
		retryAfter, dated string
		seconds           float64
		asked             bool
	}{
		{503, "120", "", 120, true},
		{429, until, date, 60, true},
		{429, until, "", 0, false},
		{500, "120", "", 0, false},
		{503, "soon", date, 0, false},
		{503, "", date, 0, false},
		{503, "\xff\xfe", date, 0, false},
		{503, "99999999999999999999", "", circuitbreaker.Never.Seconds(), true},
	} {
		wait, asked := circuitbreaker.HTTPRetryAfter(each.status, each.retryAfter, each.dated)
		if wait.Seconds() != each.seconds || asked != each.asked {
			t.Errorf("%+v: %v %v", each, wait, asked)
		}
	}
	if wait, asked := circuitbreaker.GRPCRetryPushback("1500"); wait.Milliseconds() != 1500 || !asked {
		t.Error(wait, asked)
	}
	if _, asked := circuitbreaker.GRPCRetryPushback("-1"); asked {
		t.Error("-1 asks for a wait")
	}
}
