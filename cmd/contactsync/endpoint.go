package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/goccy/go-yaml/ast"
)

// endpoint reads one side of a connection: which app, and its settings as they are written and as the app gets them.
func (l *loader) endpoint(n ast.Node, at string) (contactsync.Endpoint, map[string]string) {
	end := contactsync.Endpoint{Settings: map[string]string{}}
	list, ok := l.entries(n, at)
	if !ok {
		l.fault(at, "an endpoint is {app: ..., ...}; the apps are %s", appIDs(l.apps))
		return end, nil
	}
	for _, e := range list {
		text, ok := plainText(e.value)
		if !ok {
			l.fault(join(at, e.key), "the value must be a plain text")
			continue
		}
		switch e.key {
		case "app":
			end.App = text
		case "account":
			end.Account = text
		case "kind":
			end.Kind = text
		default:
			end.Settings[e.key] = text
			l.checkSecret(e, text, join(at, e.key))
		}
	}
	app, ok := l.apps.App(end.App)
	switch {
	case end.App == "":
		l.fault(at, "the app is missing; there are %s", appIDs(l.apps))
	case !ok:
		l.fault(join(at, "app"), "there is no app %q; there are %s", end.App, appIDs(l.apps))
	default:
		filled := l.settings(app, end.Settings, list, end.Account != "", at)
		l.kind(app, end.Kind, filled, join(at, "kind"))
		return end, filled
	}
	return end, nil
}

// kind adds the kind of records to what the app gets. Whether an account has it is for the app to say.
func (l *loader) kind(app connector.App, kind string, filled map[string]string, at string) {
	switch {
	case kind == "":
	case len(app.Kinds) > 0 && !slices.Contains(app.Kinds, kind):
		l.fault(at, "app %s has no kind %q; choose one of %s", app.ID, kind, strings.Join(app.Kinds, ", "))
	case len(app.Kinds) == 0 && !app.AccountKinds:
		l.fault(at, "app %s has one kind of records; take kind out", app.ID)
	default:
		filled[connector.KindSetting] = l.address(kind, at)
	}
}

// settings returns what the app gets: with variables filled in, a path from here, and yes or no for true and false
// where the app wants that.
func (l *loader) settings(app connector.App, written map[string]string, list []entry, account bool, at string) map[string]string {
	filled := map[string]string{}
	for _, e := range list {
		text, ok := written[e.key]
		if !ok {
			continue
		}
		i := slices.IndexFunc(app.Settings, func(s connector.Setting) bool { return s.Name == e.key })
		if i < 0 && slices.Contains(l.reader.file.secrets, text) {
			continue // it was spoken of already
		}
		if i < 0 {
			l.faultOnKey(join(at, e.key), "app %s has no such setting; it has %s", app.ID, settingNames(app))
			continue
		}
		if app.Settings[i].Secret && !secretKey.MatchString(e.key) { // else it was looked at already
			l.refuseSecret(e, text, join(at, e.key))
		}
		text = l.address(text, join(at, e.key))
		if app.Settings[i].Type == connector.SettingYesNo {
			text = yesOrNo(text)
		}
		if err := app.Settings[i].Check(text); text != "" && err != nil {
			l.fault(join(at, e.key), "%s %v", e.key, err)
		}
		if app.Settings[i].Type == connector.SettingPath && text != "" {
			text = l.reader.file.inDir(text)
		}
		filled[e.key] = text
	}
	for _, s := range app.Settings {
		if account && slices.ContainsFunc(app.Login(), func(own connector.Setting) bool { return own.Name == s.Name }) {
			continue // the account has it
		}
		if s.Required && s.Locked == "" && !slices.ContainsFunc(list, func(e entry) bool { return e.key == s.Name }) {
			l.fault(join(at, s.Name), "%s is missing: %s", s.Name, s.Label)
		}
		if text, ok := written[s.Name]; ok && s.Required && text == "" {
			l.fault(join(at, s.Name), "%s is empty: %s", s.Name, s.Label)
		}
	}
	return filled
}

func yesOrNo(text string) string {
	switch text {
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	return text
}

// variable is how a setting takes its value from the environment.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand fills in the variables of a setting. One that is not set is a fault.
func (l *loader) expand(text, at string) string {
	return variable.ReplaceAllStringFunc(text, func(ref string) string {
		name := variable.FindStringSubmatch(ref)[1]
		value, ok := l.getenv(name)
		if !ok {
			l.fault(at, "the environment has no variable %s; set it, or take it out", name)
		}
		return value
	})
}

// secretKey tells settings whose value nobody should read in a file.
var secretKey = regexp.MustCompile(`(?i)passw|secret|token|api_?key|credential`)

// checkSecret refuses a secret that stands in the file, by what its key is called.
func (l *loader) checkSecret(e entry, text, at string) {
	if secretKey.MatchString(e.key) {
		l.refuseSecret(e, text, at)
	}
}

// refuseSecret refuses a text that is more than a variable.
func (l *loader) refuseSecret(e entry, text, at string) {
	if variable.ReplaceAllString(text, "") == "" {
		return
	}
	l.reader.file.secrets = append(l.reader.file.secrets, text)
	l.fault(at, "a secret does not belong in this file; put it into an environment variable and write %s: ${%s}", e.key, strings.ToUpper(e.key))
}

func appIDs(apps connector.Catalogue) string {
	var ids []string
	for _, a := range apps {
		ids = append(ids, a.ID)
	}
	return strings.Join(ids, ", ")
}

func settingNames(app connector.App) string {
	var names []string
	for _, s := range app.WithKind() {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// label returns how an endpoint is called in what is printed: its app, and what tells it from another of that app.
func label(end contactsync.Endpoint) string {
	for _, more := range []string{end.Settings["path"], end.Kind, end.Settings["book"], end.Settings["url"], end.Account} {
		if more != "" {
			return printable(fmt.Sprintf("%s %s", end.App, more))
		}
	}
	return end.App
}
