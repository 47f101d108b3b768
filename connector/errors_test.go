package connector_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/connector"
)

func TestErrorMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  connector.Error
		want string
	}{
		"nothing known": {connector.Error{}, ""},
		"cause alone":   {connector.Error{Err: connector.ErrNotFound}, "the app has no such record"},
		"record":        {connector.Error{App: "crm", Op: "update", RecordID: "c1", Err: connector.ErrNotFound}, "crm: update c1: the app has no such record"},
		"record without operation": {
			connector.Error{App: "crm", RecordID: "c1", Err: connector.ErrNotFound}, "crm: c1: the app has no such record",
		},
		"field": {
			connector.Error{App: "crm", Op: "create", Field: "stage", Err: connector.ErrInvalid, Message: "choose one of the options"},
			"crm: create: field stage: the app refused the record: choose one of the options",
		},
		"delay": {
			connector.Error{App: "crm", Op: "list", RetryAfter: 90 * time.Second, Err: connector.ErrRateLimited},
			"crm: list: too many calls (try again in 1m30s)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatAnErrorTells(t *testing.T) {
	t.Parallel()
	limited := &connector.Error{RetryAfter: time.Minute, Err: connector.ErrRateLimited}
	exists := &connector.Error{RecordID: "c7", Err: connector.ErrAlreadyExists}
	tests := map[string]struct {
		err      error
		known    bool
		delay    time.Duration
		existing string
	}{
		"no error":                   {},
		"untyped":                    {err: errUntyped},
		"context":                    {err: context.DeadlineExceeded},
		"contract":                   {err: connector.ErrContract},
		"panic":                      {err: connector.ErrPanic},
		"pagination loop":            {err: connector.ErrPaginationLoop},
		"not sent":                   {err: fmt.Errorf("dial: %w", connector.ErrNotSent), known: true},
		"unavailable":                {err: connector.ErrUnavailable, known: true},
		"unauthorized":               {err: connector.ErrUnauthorized, known: true},
		"forbidden":                  {err: connector.ErrForbidden, known: true},
		"quota":                      {err: connector.ErrQuota, known: true},
		"invalid":                    {err: connector.ErrInvalid, known: true},
		"not found":                  {err: connector.ErrNotFound, known: true},
		"version conflict":           {err: connector.ErrVersionConflict, known: true},
		"rate limited":               {err: limited, known: true, delay: time.Minute},
		"rate limited, wrapped":      {err: fmt.Errorf("page 3: %w", limited), known: true, delay: time.Minute},
		"rate limited, joined":       {err: errors.Join(connector.ErrNotSent, limited), known: true, delay: time.Minute},
		"rate limited without delay": {err: connector.ErrRateLimited, known: true},
		"exists":                     {err: exists, known: true, existing: "c7"},
		"exists, wrapped":            {err: fmt.Errorf("batch: %w", exists), known: true, existing: "c7"},
		"exists, but which":          {err: connector.ErrAlreadyExists, known: true},
		"another error of a record":  {err: &connector.Error{RecordID: "c7", Err: connector.ErrInvalid}, known: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := connector.Known(tt.err); got != tt.known {
				t.Errorf("Known: %t", got)
			}
			delay, asked := connector.RetryAfter(tt.err)
			if delay != tt.delay || asked != (tt.delay > 0) {
				t.Errorf("RetryAfter: %s, %t", delay, asked)
			}
			if diff := cmp.Diff(tt.existing, connector.ExistingID(tt.err)); diff != "" {
				t.Errorf("ExistingID (-want +got):\n%s", diff)
			}
		})
	}
}
