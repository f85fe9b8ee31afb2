package circuitbreaker_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each piece of Go in the pages stands, word for word, in a file that is compiled and run.
func TestPagesAreRun(t *testing.T) {
	compiled := ""
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "contrib/*/*_test.go", "test/migration/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compiled += flat(string(text)) + "\n"
		}
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	for page, least := range map[string]int{"README.md": 10, "MIGRATING.md": 2} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		found := block.FindAllStringSubmatch(string(text), -1)
		if len(found) < least {
			t.Errorf("%s has %d pieces of Go", page, len(found))
		}
		for _, piece := range found {
			if !strings.Contains(compiled, flat(piece[1])) {
				t.Errorf("%s: this is compiled nowhere:\n%s", page, piece[1])
			}
		}
	}
}

// flat is a text without its indentation.
func flat(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
