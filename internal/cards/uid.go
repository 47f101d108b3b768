package cards

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/contactsync/contactsync/internal/vcard"
)

// A UIDKey stands for a UID. 0 is no UID.
type UIDKey uint64

// KeyOfUID returns the key of a UID, which is the same with and without "urn:uuid:" before it.
func KeyOfUID(uid string) UIDKey {
	uid = strings.TrimSpace(uid)
	if len(uid) > 9 && strings.EqualFold(uid[:9], "urn:uuid:") {
		uid = uid[9:]
	}
	if uid == "" {
		return 0
	}
	sum := sha256.Sum256(append(make([]byte, 0, 64), uid...)) // 64 bytes: most need no memory of their own
	return UIDKey(binary.BigEndian.Uint64(sum[:8]) | 1)
}

// Identity returns the UID of a card, "" if it has none, and whether the card stands for a group of others (KIND of RFC
// 6350 section 6.1.4, or Apple's property for it).
func Identity(c *vcard.Card) (uid string, isGroup bool, err error) {
	if i := c.Find("UID"); i >= 0 {
		if uid, err = c.Text(&c.Properties[i]); err != nil {
			return "", false, err
		}
	}
	for _, name := range []string{"KIND", "X-ADDRESSBOOKSERVER-KIND"} {
		if i := c.Find(name); i >= 0 {
			isGroup = isGroup || strings.EqualFold(strings.TrimSpace(c.Properties[i].Value), "group")
		}
	}
	return strings.TrimSpace(uid), isGroup, nil
}

// UUIDOf returns a UUID that is made of a text (RFC 9562 section 5.8).
func UUIDOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	b := make([]byte, 0, 36)
	for i := range 16 {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, sum[i:i+1])
	}
	return string(b)
}
