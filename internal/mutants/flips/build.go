package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/contactsync/contactsync/internal/mutants"
)

// A build is the tests, compiled once over the instrumented files.
type build struct {
	root    string            // of the repository
	dir     string            // for what is made
	replace map[string]string // the overlay
	sites   []*Site
	suite   []suite
}

// A suite is one compiled package of tests.
type suite struct {
	dir    string // where it runs
	binary string
}

// newBuild instruments the deciding files and compiles the tests of the package and of its scenarios.
func newBuild(ctx context.Context, root, dir string) (*build, error) {
	b := &build{root: root, dir: dir, replace: map[string]string{}}
	if err := b.instrumentAll(); err != nil {
		return nil, err
	}
	main, err := os.ReadFile(filepath.Join(root, "histories_test.go"))
	if err != nil {
		return nil, err
	}
	const run = "	os.Exit(m.Run())\n"
	if strings.Count(string(main), run) != 1 {
		return nil, fmt.Errorf("histories_test.go has no TestMain that ends in %q", run)
	}
	for name, text := range map[string]string{
		"flips_runtime.go":                runtimeSource("contactsync", len(b.sites)),
		"flips_main_test.go":              rootHarness(),
		"histories_test.go":               strings.Replace(string(main), run, "	flipMain(m)\n"+run, 1),
		"internal/e2e/flips_main_test.go": e2eHarness(),
	} {
		if err := b.overlay(name, text); err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": b.replace})
	if err != nil {
		return nil, err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return nil, err
	}
	for i, pkg := range []string{".", "internal/e2e"} {
		s := suite{dir: filepath.Join(root, pkg), binary: filepath.Join(dir, fmt.Sprintf("suite%d.test", i))}
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", s.binary, ".")
		cmd.Dir = s.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("the instrumented tests of %s do not build: %w\n%s", pkg, err, out)
		}
		b.suite = append(b.suite, s)
	}
	return b, nil
}

// overlay has the compiler take text for a file of the repository.
func (b *build) overlay(name, text string) error {
	to := filepath.Join(b.dir, strings.ReplaceAll(name, "/", "+"))
	b.replace[filepath.Join(b.root, filepath.FromSlash(name))] = to
	return os.WriteFile(to, []byte(text), 0o600)
}

func (b *build) instrumentAll() error {
	files, err := mutants.Deciding(b.root)
	if err != nil {
		return err
	}
	for _, name := range files {
		src, err := os.ReadFile(filepath.Join(b.root, name))
		if err != nil {
			return err
		}
		text, sites, err := instrument(name, src, len(b.sites)+1)
		if err != nil {
			return err
		}
		b.sites = append(b.sites, sites...)
		if err := b.overlay(name, text); err != nil {
			return err
		}
	}
	return nil
}
