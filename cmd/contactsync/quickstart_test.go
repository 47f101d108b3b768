package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// begun makes the quickstart folder of a shell, and returns what was said.
func begun(t *testing.T) (*shell, said) {
	s := newShell(t)
	first := s.runWith(t.Context(), "quickstart", s.path("."))
	require.Equal(t, exitDone, first.code, first.err)
	return s, first
}

func TestQuickstart(t *testing.T) {
	t.Parallel()
	s, first := begun(t)
	for _, want := range []string{"phone-crm: done", "a  vcard phone  2 created  4 updated  0 deleted", "b  csv crm.csv  3 created  4 updated  0 deleted",
		"9 in sync, 3 excluded", "contactsync sync -c DIR/contactsync.yaml"} {
		if !strings.Contains(first.out, want) {
			t.Errorf("%q is not in\n%s", want, first.out)
		}
	}
	if said := s.run("sync"); !strings.Contains(said.out, "nothing to do") {
		t.Errorf("%+v", said)
	}
	if said := s.run("validate"); said.code != exitDone {
		t.Errorf("%+v", said)
	}
}

func TestQuickstartAgainHarmsNothing(t *testing.T) {
	t.Parallel()
	s, _ := begun(t)
	s.replace("crm.csv", "Driver", "Head of Fleet")
	require.NoError(t, os.Remove(s.path("phone/ana-nunez.vcf")))
	before := [2]map[string]string{s.files("."), s.files("phone")}
	again := s.runWith(t.Context(), "quickstart", s.path("."))
	if again.code != exitDone || !strings.Contains(again.out, "is there already, and stays as it is") || !strings.Contains(again.out, "contactsync sync -c DIR/contactsync.yaml") {
		t.Errorf("%+v", again)
	}
	if diff := cmp.Diff(before, [2]map[string]string{s.files("."), s.files("phone")}); diff != "" {
		t.Error(diff)
	}
}

func TestFolderInASentence(t *testing.T) {
	t.Parallel()
	require.Equal(t, "this folder", folderWords("."))
	require.Equal(t, "try", folderWords("try"))
}

func TestQuickstartInAFolderOfOthers(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"a letter": "letter.txt", "a configuration": defaultConfig, "a hidden file": ".git"} {
		s := newShell(t)
		s.write(file, "mine")
		said := s.runWith(t.Context(), "quickstart", s.path("."))
		if said.code != exitConfig || !strings.Contains(said.err, "DIR holds other files") && !strings.Contains(said.err, "holds other files") {
			t.Errorf("%s: %+v", name, said)
		}
		if diff := cmp.Diff(map[string]string{file: "mine\n"}, s.files(".")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestQuickstartAsADocument(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	type document struct {
		Made bool
		Sync *syncJSON
	}
	first := decode[document](t, s.runWith(t.Context(), "quickstart", s.path("new"), "--json").out)
	if !first.Made || first.Sync == nil || first.Sync.Connections[0].Report.Counts[1].Created != 3 {
		t.Errorf("%+v", first)
	}
	again := decode[document](t, s.runWith(t.Context(), "quickstart", s.path("new"), "--json").out)
	if again.Made || again.Sync != nil {
		t.Errorf("%+v", again)
	}
}

// TestQuickstartSteps does what quickstart says that one can try.
func TestQuickstartSteps(t *testing.T) {
	t.Parallel()
	s, _ := begun(t)
	step := func(code int) {
		t.Helper()
		said := s.run("sync")
		require.Equal(t, code, said.code, said.out+said.err)
	}
	// 1: both edits are on both sides.
	s.replace("crm.csv", "Driver", "Head of Fleet")
	s.replace("phone/ana-nunez.vcf", "TITLE:Head of Purchasing", "TITLE:Director")
	step(exitDone)
	require.Contains(t, s.read("phone/chidi-okafor.vcf"), "TITLE:Head of Fleet")
	require.Contains(t, s.read("crm.csv"), "Acme,Director")
	// 2: the tag Phone brings somebody to the phone, and taking it labels the card.
	s.replace("crm.csv", "Berg AB,,Newsletter,", "Berg AB,,Newsletter;Phone,")
	s.replace("crm.csv", "Lawyer,Phone,", "Lawyer,,")
	step(exitDone)
	cards := ""
	for _, text := range s.files("phone") {
		cards += text
	}
	require.Contains(t, cards, "FN:Jonas Berg")
	for _, text := range s.files("phone") {
		if strings.Contains(text, "FN:Lena Vogel") && !strings.Contains(text, "CATEGORIES:No_CRM") {
			t.Errorf("her card lacks the label:\n%s", text)
		}
	}
	// 3: the label takes the tag away.
	s.replace("phone/hana-tanaka.vcf", "CATEGORIES:Friends,Tennis", "CATEGORIES:Friends,Tennis,No_CRM")
	step(exitDone)
	require.Contains(t, s.read("crm.csv"), "Hana Tanaka,hana@example.jp,,,,,,,")
	// 4: a file that is emptied halts the sync.
	full, cards := s.read("crm.csv"), strings.Join(keys(s.files("phone")), " ")
	first, _, _ := strings.Cut(full, "\n")
	s.write("crm.csv", first)
	step(exitHeld)
	require.Equal(t, cards, strings.Join(keys(s.files("phone")), " "))
	require.NoError(t, os.WriteFile(s.path("crm.csv"), []byte(full), 0o644))
	step(exitDone)
	if said := s.run("sync"); !strings.Contains(said.out, "nothing to do") {
		t.Errorf("%+v", said)
	}
}

func keys(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }
