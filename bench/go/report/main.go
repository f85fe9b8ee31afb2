// Makes the report of rounds: report ROUNDS.TXT. It prints Markdown.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// figures are those of one case, one for each round.
type figures map[string][]float64

var (
	line = regexp.MustCompile(`^Benchmark(\S+?)/lib=([a-z0-9-]+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	pair = regexp.MustCompile(`([\d.]+) (\S+)`)
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: report ROUNDS.TXT")
		os.Exit(2)
	}
	cases, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	head()
	targets(cases)
	table(cases)
}

// read reads cases by benchmark and library, then by unit.
func read(path string) (map[string]map[string]figures, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cases := make(map[string]map[string]figures)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		found := line.FindStringSubmatch(lines.Text())
		if found == nil {
			continue
		}
		benchmark, library := found[1], found[2]
		if cases[benchmark] == nil {
			cases[benchmark] = make(map[string]figures)
		}
		if cases[benchmark][library] == nil {
			cases[benchmark][library] = make(figures)
		}
		for _, each := range pair.FindAllStringSubmatch(found[3], -1) {
			value, err := strconv.ParseFloat(each[1], 64)
			if err != nil {
				return nil, err
			}
			cases[benchmark][library][each[2]] = append(cases[benchmark][library][each[2]], value)
		}
	}
	return cases, nil
}

func head() {
	fmt.Print("# What a call costs, in Go\n\nWritten by `cargo xtask bench go`.\n\n")
	fmt.Printf("- %s (%s/%s), %d processors\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	list := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/sony/gobreaker/v2",
		"github.com/failsafe-go/failsafe-go", "github.com/eapache/go-resiliency")
	if versions, err := list.Output(); err == nil {
		for module := range strings.Lines(string(versions)) {
			fmt.Printf("- %s", module)
		}
	}
	fmt.Printf("- date: %s\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("- load average at the end: %s\n", strings.Join(strings.Fields(string(load))[:3], " "))
	}
	fmt.Print("\nRead the ratios: the nanoseconds belong to one machine. A ratio is the median of the rounds' ratios, in " +
		"each of which every case runs once.\n`k1s0` is `Call`; `-do` is `Do`, `-permit` `TryAcquire`, `-window` `Call` with a window of " +
		"100 calls, `-time` with one of a minute.\n`failsafe` is its permit API, `failsafe-run` its executor; `mutex` takes a " +
		"`sync.Mutex` before and after the call, and does nothing else of use; `bare` is the call alone: what two goroutines of it gain over one is all that the machine gave.\n\n")
}

func targets(cases map[string]map[string]figures) {
	const ns = "ns/op"
	ratio := func(one, library, other, otherLibrary, unit string) float64 {
		mine, theirs := cases[one][library][unit], cases[other][otherLibrary][unit]
		var ratios []float64
		for round := range min(len(mine), len(theirs)) {
			ratios = append(ratios, mine[round]/theirs[round])
		}
		return median(ratios)
	}
	most := func(benchmark, unit string) float64 {
		sum := 0.0
		for library, figures := range cases[benchmark] {
			if strings.HasPrefix(library, "k1s0") {
				sum = max(sum, slices.Max(append(figures[unit], 0)))
			}
		}
		return sum
	}
	const one, two = "Shared/goroutines=1", "Shared/goroutines=2"
	fmt.Print("## Targets\n\n| target | limit | measured | |\n| --- | --- | --: | --- |\n")
	for _, each := range []struct {
		text     string
		atLeast  bool
		limit    float64
		measured float64
	}{
		{"closed, success: `Call`, × gobreaker's `Execute`", false, 0.1, ratio("Success", "k1s0", "Success", "gobreaker", ns)},
		{"closed, success: `Call`, × failsafe-go's permit API", false, 0.4, ratio("Success", "k1s0", "Success", "failsafe", ns)},
		{"a tenth fails, × gobreaker", false, 0.3, ratio("TenthFails", "k1s0", "TenthFails", "gobreaker", ns)},
		{"window of 100 calls, healthy, × gobreaker", false, 0.12, ratio("Success", "k1s0-window", "Success", "gobreaker", ns)},
		{"rejection, × gobreaker", false, 0.9, ratio("Rejection", "k1s0", "Rejection", "gobreaker", ns)},
		{fmt.Sprintf("2 goroutines on one breaker: throughput, × one (a bare call here: %s)", shown(ratio(one, "bare", two, "bare", ns))), true, 1.7, ratio(one, "k1s0", two, "k1s0", ns)},
		{"2 goroutines on one breaker: throughput, × gobreaker's", true, 4, ratio(two, "gobreaker", two, "k1s0", ns)},
		{"allocations of a healthy call", false, 0, most("Success", "allocs/op")},
		{"allocations of a rejection", false, 0, most("Rejection", "allocs/op")},
		{"memory per breaker, bytes", false, 1024, median(cases["Memory"]["k1s0"]["B/breaker"])},
	} {
		word, reached := "at most", each.measured <= each.limit
		if each.atLeast {
			word, reached = "at least", each.measured >= each.limit
		}
		verdict := "reached"
		if !reached {
			verdict = "**missed**"
		}
		fmt.Printf("| %s | %s %v | %s | %s |\n", each.text, word, each.limit, shown(each.measured), verdict)
	}
}

func table(cases map[string]map[string]figures) {
	columns := []struct{ title, benchmark, unit string }{
		{"success, ns", "Success", "ns/op"},
		{"a tenth fails, ns", "TenthFails", "ns/op"},
		{"rejection, ns", "Rejection", "ns/op"},
		{"1 goroutine, ns", "Shared/goroutines=1", "ns/op"},
		{"2 on one breaker, ns", "Shared/goroutines=2", "ns/op"},
		{"allocations", "Success", "allocs/op"},
		{"bytes per breaker", "Memory", "B/breaker"},
	}
	fmt.Print("\n## Medians\n\n| |")
	for _, column := range columns {
		fmt.Printf(" %s |", column.title)
	}
	fmt.Print("\n| --- |" + strings.Repeat(" --: |", len(columns)) + "\n")
	var libraries []string
	for library := range cases["Success"] {
		libraries = append(libraries, library)
	}
	slices.Sort(libraries)
	for _, library := range libraries {
		fmt.Printf("| %s |", library)
		for _, column := range columns {
			fmt.Printf(" %s |", shown(median(cases[column.benchmark][library][column.unit])))
		}
		fmt.Println()
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func shown(value float64) string {
	if value >= 100 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}
