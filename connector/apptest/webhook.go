package apptest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// A Signature is how an app proves that a delivery is its own: an HMAC of what it sends, in a header.
type Signature struct {
	Secret string
	Header string           // that bears the signature, "X-Hub-Signature"
	Prefix string           // before the signature, "sha1="
	Hash   func() hash.Hash // nil is SHA-256
	Base64 bool             // else in hex
	// Timestamp is the header that bears the time of the delivery, "" if there is none.
	Timestamp string
	// Time writes the time; nil means milliseconds since 1970.
	Time func(time.Time) string
	// Signs returns what is signed; nil means the raw body, followed by the timestamp if there is one.
	Signs func(d connector.Delivery, timestamp string) []byte
}

// sign sets the headers of a delivery that is sent at a time.
func (s Signature) sign(d *connector.Delivery, at time.Time) {
	timestamp := ""
	if s.Timestamp != "" {
		timestamp = strconv.FormatInt(at.UnixMilli(), 10)
		if s.Time != nil {
			timestamp = s.Time(at)
		}
		d.Header.Set(s.Timestamp, timestamp)
	}
	signed := slices.Concat(d.Body, []byte(timestamp))
	if s.Signs != nil {
		signed = s.Signs(*d, timestamp)
	}
	made := sha256.New
	if s.Hash != nil {
		made = s.Hash
	}
	mac := hmac.New(made, []byte(s.Secret))
	mac.Write(signed)
	text := hex.EncodeToString(mac.Sum(nil))
	if s.Base64 {
		text = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	d.Header.Set(s.Header, s.Prefix+text)
}

// A Webhook is what an app calls when something changes.
type Webhook struct {
	URL       string // of the host's handler, as the app knows it
	Signature Signature
	Clock     connector.Clock
}

// Delivery returns a delivery of a body of JSON as it arrives now.
func (h Webhook) Delivery(body []byte) connector.Delivery { return h.at(body, h.Clock.Now()) }

func (h Webhook) at(body []byte, sent time.Time) connector.Delivery {
	d := connector.Delivery{Method: http.MethodPost, URL: h.URL, Header: http.Header{}, Body: slices.Clone(body),
		Received: h.Clock.Now()}
	d.Header.Set("Content-Type", "application/json")
	h.Signature.sign(&d, sent)
	return d
}

// Forgeries returns what a receiver must refuse, by what is wrong with it: another body under the same signature, a
// signature of another secret, none, half of one, and, where deliveries bear their time, one that was sent a day ago,
// one whose time was put forward, and one that is signed with words for a time.
func (h Webhook) Forgeries(body []byte) map[string]connector.Delivery {
	other := h
	other.Signature.Secret += "x"
	header := func(change func(http.Header)) connector.Delivery {
		d := h.Delivery(body)
		change(d.Header)
		return d
	}
	all := map[string]connector.Delivery{
		"another body":    h.Delivery(body),
		"another secret":  other.Delivery(body),
		"no signature":    header(func(hd http.Header) { hd.Del(h.Signature.Header) }),
		"empty signature": header(func(hd http.Header) { hd.Set(h.Signature.Header, "") }),
		"half a signature": header(func(hd http.Header) {
			whole := hd.Get(h.Signature.Header)
			hd.Set(h.Signature.Header, whole[:len(whole)/2])
		}),
	}
	changed := all["another body"]
	changed.Body = append(changed.Body, ' ')
	all["another body"] = changed
	if name := h.Signature.Timestamp; name != "" {
		old := h.at(body, h.Clock.Now().Add(-24*time.Hour))
		all["a day old"] = old
		forward := old
		forward.Header = old.Header.Clone()
		forward.Header.Set(name, h.Delivery(body).Header.Get(name))
		all["an old one put forward"] = forward
		timeless := h
		timeless.Signature.Time = func(time.Time) string { return "soon" }
		all["words for a time"] = timeless.Delivery(body)
	}
	return all
}

// Storm returns deliveries as a bad day brings them: each once to three times, in any order. The same seed brings the
// same storm.
func Storm(seed uint64, deliveries ...connector.Delivery) []connector.Delivery {
	rng := rand.New(rand.NewPCG(seed, 0))
	var all []connector.Delivery
	for _, d := range deliveries {
		for range 1 + rng.IntN(3) {
			all = append(all, d)
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// Post sends a delivery to a handler over HTTP and returns the status of its answer.
func Post(ctx context.Context, client *http.Client, d connector.Delivery) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, d.Method, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, err
	}
	r.Header = d.Header.Clone()
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
