package csvfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

// TestColumns shows which field the headings of the usual exports become: "name", "name (type)" if it is not text,
// "name = meaning" if it bears one.
func TestColumns(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		columns      map[string]string
		want         []string
	}{
		{"Google Contacts", "First Name,Middle Name,Last Name,Phonetic First Name,Name Prefix,Name Suffix,Nickname,Organization Name,Organization Title,Organization Department,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Value,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address,Address 2 - City,Website 1 - Value", nil,
			[]string{"first = first", "middle = middle", "last = last", "phonetic_first_name", "prefix = prefix", "suffix = suffix", "nickname = nickname", "company = company", "title = title", "department = department", "birthday (date) = birthday", "notes = notes", "tags (set) = tags", "e_mail_1_label", "email (email) = email", "e_mail_2_label", "email_2 (email)", "phone_1_label", "phone (phone) = phone", "phone_2 (phone)", "address_1_formatted", "street = street", "city = city", "po_box = po_box", "region = region", "postal_code = postal_code", "country = country", "extended = extended", "city_2", "website (url) = website"}},
		{"Google Contacts, the old form", "Name,Given Name,Additional Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Name,Organization 1 - Title", nil,
			[]string{"name = name", "first = first", "middle = middle", "last = last", "tags (set) = tags", "e_mail_1_type", "email (email) = email", "phone_1_type", "phone (phone) = phone", "company = company", "title = title"}},
		{"Outlook", "Title,First Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business City,Business State,Business Postal Code,Business Country/Region,Home Street,Home City,Business Phone,Business Phone 2,Home Phone,Mobile Phone,Primary Phone,Birthday,Categories,E-mail Address,E-mail 2 Address,Notes,Web Page", nil,
			[]string{"prefix = prefix", "first = first", "last = last", "suffix = suffix", "company = company", "department = department", "title = title", "business_street", "business_city", "region = region", "postal_code = postal_code", "country = country", "street = street", "city = city", "business_phone (phone)", "business_phone_2 (phone)", "home_phone (phone)", "phone (phone) = phone", "primary_phone (phone)", "birthday (date) = birthday", "tags (set) = tags", "email (email) = email", "email_2 (email)", "notes = notes", "website (url) = website"}},
		{"HubSpot", "Record ID - Contact,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Lifecycle Stage,Lead Status,Associated Company,Job Title,State/Region", nil,
			[]string{"record_id_contact", "first = first", "last = last", "email (email) = email", "phone (phone) = phone", "mobile_phone_number (phone)", "contact_owner", "lifecycle_stage", "lead_status", "company = company", "title = title", "region = region"}},
		{"the same name twice", "First-Name!,Lead Status,Lead_Status?,#", nil,
			[]string{"first = first", "lead_status", "lead_status_2", "column_4"}},
		{"in another order", "E-mail 2 - Value,E-mail 1 - Value,Work Phone,Cell Phone,Home Phone,Mobile", nil,
			[]string{"email_2 (email)", "email (email) = email", "work_phone (phone)", "phone (phone) = phone", "home_phone (phone)", "mobile (phone)"}},
		{"a mobile number is no landline", "Home Phone,Mobile", nil,
			[]string{"home_phone (phone)", "phone (phone) = phone"}},
		{"declared", "Vorname,Email,E-Mail privat,Kundennummer", map[string]string{"Vorname": "first", "E-Mail privat": "email", "Email": "email_2", "Kundennummer": "customer"},
			[]string{"first = first", "email_2 (email)", "email (email) = email", "customer"}},
		{"a declared field takes the meaning from a guessed one", "Email,Other", map[string]string{"Other": "email"},
			[]string{"email_2 (email)", "email (email) = email"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newConnector(t, csvfile.Config{Path: writeFile(t, tc.header+"\n"), Columns: tc.columns})
			schema, err := c.Schema(t.Context())
			require.NoError(t, err)
			var got []string
			for _, f := range schema.Fields {
				text := f.Name
				if f.Type != contact.TypeText {
					text += " (" + string(f.Type) + ")"
				}
				if f.Meaning != "" {
					text += " = " + f.Meaning
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		cfg          csvfile.Config
		key          string // the field that cannot be written
	}{
		{"found", "Name,UID,ID", csvfile.Config{}, "id"},
		{"declared", "Name,ID,Number", csvfile.Config{Key: "Number"}, "number"},
		{"to be added", "Name", csvfile.Config{AddKey: true}, "id"},
		{"none", "Name,Number", csvfile.Config{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.cfg.Path = writeFile(t, tc.header)
			schema, err := newConnector(t, tc.cfg).Schema(t.Context())
			require.NoError(t, err)
			key := ""
			for _, f := range schema.Fields {
				if f.ReadOnly {
					key += f.Name
				}
			}
			if diff := cmp.Diff(tc.key, key); diff != "" {
				t.Error(diff)
			}
			if got := schema.Marker; got != (tc.key != "") {
				t.Errorf("Marker is %t", got)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  csvfile.Config
		want string
	}{
		{"no path", csvfile.Config{}, "the path of the file is missing"},
		{"delimiter", csvfile.Config{Path: "x", Delimiter: "dash"}, "unknown delimiter"},
		{"encoding", csvfile.Config{Path: "x", Encoding: "latin-9"}, "unknown encoding"},
		{"field name", csvfile.Config{Path: "x", Columns: map[string]string{"A": "a.b"}}, `"a.b" is no field name`},
		{"one field for two columns", csvfile.Config{Path: "x", Columns: map[string]string{"A": "a", "B": "a"}}, `two columns are declared to be field "a"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := csvfile.New(tc.cfg)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestApp(t *testing.T) {
	path := writeFile(t, "Nr;Vorname;Labels\n1;Ann;a, b\n")
	for _, tc := range []struct {
		name     string
		settings map[string]string
		want     string // of the error, "" for none
	}{
		{"all", map[string]string{"path": path, "key": "Nr", "add_key": "no", "delimiter": "semicolon", "encoding": "utf-8", "columns": "Vorname=first, Labels = lists", "raw": "yes"}, ""},
		{"no path", nil, `setting "path" is missing`},
		{"unknown", map[string]string{"path": path, "sheet": "1"}, `unknown setting "sheet"`},
		{"option", map[string]string{"path": path, "raw": "maybe"}, `setting "raw" is not one of yes, no`},
		{"columns", map[string]string{"path": path, "columns": "Vorname"}, `entry 1 is not Heading=field`},
		{"columns twice", map[string]string{"path": path, "columns": "A=b,A=c"}, `heading "A" is there twice`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := csvfile.App().Open(t.Context(), tc.settings)
			if tc.want != "" {
				require.ErrorContains(t, err, tc.want)
				return
			}
			require.NoError(t, err)
			want := []contact.Fields{{"nr": contact.Text("1"), "first": contact.Text("Ann"), "lists": contact.Text("a, b")}}
			var got []contact.Fields
			for _, rec := range records(t, c.(*csvfile.Connector)) {
				got = append(got, rec.Fields)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	path := writeFile(t, "\xef\xbb\xbfNr;E-Mail;Tags;\r\n1;a@example.com;a, b;\r\n2;b;;\r\n3\r\n")
	got, err := newConnector(t, csvfile.Config{Path: path, Key: "Nr"}).Describe(t.Context())
	require.NoError(t, err)
	want := strings.Join([]string{
		"delimiter semicolon, encoding utf-8, rows: 2, and 1 that cannot be read",
		`rows are identified by column "Nr"`,
		`"Nr" is nr (text)`,
		`"E-Mail" is email (email)`,
		`"Tags" is tags (set), separated by ","`,
	}, "\n")
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}
