package vcard

// text is what a line may be kept in.
type text interface{ ~string | ~[]byte }

// A joint says what a physical line is to the card and the property that are being read.
type joint int

const (
	jointOutside joint = iota // it is outside of any card
	jointBegin                // the card begins; if one was open, it never ended
	jointEnd                  // the card ends
	jointNew                  // a property begins
	jointMore                 // it goes on with the property before it, or is of a card nested in that
	jointBlank                // it is blank
	jointStray                // it is folded, and there is nothing that it goes on with
)

// A joiner joins physical lines to logical ones.
type joiner struct {
	nest   nesting
	open   bool // a property is being read
	opaque bool // its value is skipped over
	gaps   bool // so that it need not be held: it is opaque and no card
	head   bool // its colon is still to come
	quoted bool // it is quoted-printable
	soft   bool // its last physical line ends in a soft line break of that
	base64 bool // it is base64 of vCard 2.1, which old phones continue without white space
}

// see takes in the next physical line, content being the line without its end.
func see[T text](j *joiner, line, content T) joint {
	switch nest(&j.nest, line) {
	case markOutside:
		j.open = false
		return jointOutside
	case markBegin:
		j.open = false
		return jointBegin
	case markEnd:
		j.open = false
		return jointEnd
	case markNested:
		return jointMore
	}
	switch {
	case j.open && (j.soft || continues(line) || j.base64 && isBase64(content)):
		if j.head {
			readHead(j, content)
		}
		endLine(j, content)
		return jointMore
	case len(content) == 0:
		j.open, j.base64 = false, false
		return jointBlank
	case continues(line):
		return jointStray
	}
	j.open = true
	j.opaque, j.gaps = isOpaque(content)
	j.quoted, j.soft, j.base64 = false, false, false
	readHead(j, content)
	endLine(j, content)
	return jointNew
}

// readHead looks in a line of the property's head for its encoding and for the colon.
func readHead[T text](j *joiner, content T) {
	end, params := 0, false
	for end < len(content) && content[end] != ':' {
		params = params || content[end] == ';'
		end++
	}
	first := !j.head
	j.head = end == len(content)
	if params || !first {
		head := content[:end]
		j.quoted = j.quoted || containsFold(head, "QUOTED-PRINTABLE")
		j.base64 = j.base64 || first && j.opaque && containsFold(head, "BASE64")
	}
}

// endLine notes how a physical line ends, or the next piece of one.
func endLine[T text](j *joiner, content T) {
	j.soft = j.quoted && !j.head && len(content) > 0 && content[len(content)-1] == '='
}

// isOpaque reports whether a line's property is one whose value is skipped over, and whether that may be left out of
// what is held: a card may not, for it has lines that say where it ends.
func isOpaque[T text](line T) (opaque, gaps bool) {
	start, end := 0, 0
	for end < len(line) && line[end] != ';' && line[end] != ':' {
		if line[end] == '.' {
			start = end + 1
		}
		end++
	}
	switch name := line[start:end]; len(name) {
	case 3:
		opaque = equalFold(name, "KEY")
	case 4:
		opaque = equalFold(name, "LOGO")
	case 5:
		if equalFold(name, "AGENT") {
			return true, false
		}
		opaque = equalFold(name, "PHOTO") || equalFold(name, "SOUND")
	}
	return opaque, opaque
}

// continues reports whether a physical line is folded onto the one before it.
func continues[T text](line T) bool { return line[0] == ' ' || line[0] == '\t' }

// isBase64 reports whether a physical line is nothing but base64.
func isBase64[T text](content T) bool {
	for i := 0; i < len(content); i++ {
		c := content[i]
		if !isLetterOrDigit(c) && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return len(content) > 0
}

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// equalFold reports whether s is the word, which is in ASCII capitals, without case.
func equalFold[T text](s T, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// containsFold reports whether s contains the word, which is in ASCII capitals, without case.
func containsFold[T text](s T, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0]|0x20 && equalFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
