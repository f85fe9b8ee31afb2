// Packs modules as a module proxy serves them: pack FOLDER VERSION MODULE...
//
// Of each MODULE, a folder of this repository, what git knows of (or would) is taken, but for modules inside of it. FOLDER
// is then good for GOPROXY=file://FOLDER.
package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: pack FOLDER VERSION MODULE...")
		os.Exit(2)
	}
	for _, module := range os.Args[3:] {
		if err := pack(os.Args[1], os.Args[2], module); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", module, err)
			os.Exit(1)
		}
	}
}

func pack(folder, version, module string) error {
	gomod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return err
	}
	path, err := modulePath(string(gomod))
	if err != nil {
		return err
	}
	// What a module requires of this repository is the same release.
	for line := range strings.Lines(string(gomod)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		ours := len(words) == 2 && strings.HasPrefix(words[0], strings.SplitAfter(path, "bindings-go")[0])
		if ours && strings.HasPrefix(words[1], "v") && words[1] != version {
			return fmt.Errorf("go.mod requires %s, and this is %s", strings.Join(words, " "), version)
		}
	}
	served := filepath.Join(folder, path, "@v")
	if err := os.MkdirAll(served, 0o755); err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Unix(0, 0).UTC()})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": info,
		version + ".mod":  gomod,
	} {
		if err := os.WriteFile(filepath.Join(served, name), content, 0o644); err != nil {
			return err
		}
	}
	archive := filepath.Join(served, version+".zip")
	fmt.Println(archive)
	return archiveModule(archive, path+"@"+version, module)
}

func modulePath(gomod string) (string, error) {
	for line := range strings.Lines(gomod) {
		if path, found := strings.CutPrefix(line, "module "); found {
			return strings.TrimSpace(path), nil
		}
	}
	return "", fmt.Errorf("go.mod names no module")
}

func archiveModule(archive, prefix, module string) error {
	files, err := filesOf(module)
	if err != nil {
		return err
	}
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer out.Close()
	writer := zip.NewWriter(out)
	for _, file := range files {
		entry, err := writer.Create(prefix + "/" + file)
		if err != nil {
			return err
		}
		content, err := os.Open(filepath.Join(module, file))
		if err != nil {
			return err
		}
		_, err = io.Copy(entry, content)
		content.Close()
		if err != nil {
			return err
		}
	}
	return writer.Close()
}

// filesOf are the files of a module, sorted.
func filesOf(module string) ([]string, error) {
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = module
	listed, err := list.Output()
	if err != nil {
		return nil, err
	}
	files := strings.Split(strings.TrimSuffix(string(listed), "\x00"), "\x00")
	var inner []string
	for _, file := range files {
		if folder, found := strings.CutSuffix(file, "/go.mod"); found {
			inner = append(inner, folder+"/")
		}
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		_, err := os.Stat(filepath.Join(module, file))
		return err != nil || slices.ContainsFunc(inner, func(folder string) bool { return strings.HasPrefix(file, folder) })
	})
	slices.Sort(files)
	return files, nil
}
