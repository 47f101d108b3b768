package connector_test

import (
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/stretchr/testify/require"
)

// TestSettingCheck: a setting has a type, and may be locked, with the reason.
func TestSettingCheck(t *testing.T) {
	t.Parallel()
	locked := connector.Setting{Name: "role", Options: []string{"user", "lead"}, Locked: "user", Why: "Intercom writes no leads"}
	for _, tt := range []struct {
		setting connector.Setting
		value   string
		want    string
	}{
		{connector.Setting{}, "anything", ""},
		{connector.Setting{Type: connector.SettingYesNo}, "yes", ""},
		{connector.Setting{Type: connector.SettingYesNo}, "true", "is not one of yes, no"},
		{connector.Setting{Type: connector.SettingNumber}, "-12", ""},
		{connector.Setting{Type: connector.SettingNumber}, "a dozen", "is not a whole number"},
		{connector.Setting{Options: []string{"a", "b"}}, "c", "is not one of a, b"},
		{locked, "user", ""},
		{locked, "lead", "is always user: Intercom writes no leads; take it out"},
	} {
		err := tt.setting.Check(tt.value)
		if tt.want == "" {
			require.NoError(t, err, tt.value)
		} else {
			require.EqualError(t, err, tt.want)
		}
	}
	locked.Required = true
	app := connector.App{ID: "intercom", Settings: []connector.Setting{locked}}
	require.NoError(t, app.CheckSettings(nil), "what is locked need not be given")
	require.EqualError(t, app.CheckSettings(map[string]string{"role": "lead"}), `intercom: setting "role" is always user: Intercom writes no leads; take it out`)
}

// TestWithKind: an app that has kinds takes one as a setting, and no other app does.
func TestWithKind(t *testing.T) {
	t.Parallel()
	one := map[string]string{connector.KindSetting: "leads"}
	for _, tt := range []struct {
		app  connector.App
		want string
	}{
		{connector.App{ID: "crm"}, `crm: unknown setting "kind"; it has `},
		{connector.App{ID: "crm", Kinds: []string{"leads", "users"}}, ""},
		{connector.App{ID: "crm", Kinds: []string{"users"}}, `crm: setting "kind" is not one of users`},
		{connector.App{ID: "crm", AccountKinds: true}, ""},
	} {
		if err := tt.app.CheckSettings(one); tt.want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, tt.want)
		}
		require.NoError(t, tt.app.CheckSettings(nil))
		require.Empty(t, tt.app.Settings)
	}
}
