package csvfile

import "strings"

// escape returns the text as it is written so that no spreadsheet takes it for a formula: behind an apostrophe
// where it looks like one (OWASP, "CSV Injection"). What would be read as escaped is escaped too, so that unescape
// gives back every text.
func escape(text string) string {
	if isFormula(strings.TrimLeft(text, "'")) {
		return "'" + text
	}
	return text
}

// unescape takes away the apostrophe that escape puts, and no other.
func unescape(cell string) string {
	if strings.HasPrefix(cell, "'") && isFormula(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

// escape returns a cell that says text, unescape the text that a cell says.
func (d *document) escape(text string) string {
	if d.raw {
		return text
	}
	return escape(text)
}

func (d *document) unescape(cell string) string {
	if d.raw {
		return cell
	}
	return unescape(cell)
}

// isFormula reports whether a spreadsheet may take the text for a formula. Numbers and phone numbers ("-2",
// "+49 30 123") begin like one and are harmless.
func isFormula(text string) bool {
	for _, lead := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(text, lead) {
			return !isNumberLike(text)
		}
	}
	return false
}

// isNumberLike reports whether text is a number or phone number, or several as Google joins them: each one sign at
// most and then nothing but digits and what stands between them. Without letters and more signs that count, it
// refers to no cell and calls nothing.
func isNumberLike(text string) bool {
	const digits = "0123456789"
	for _, one := range strings.Split(text, joiner) {
		if one != "" && (one[0] == '+' || one[0] == '-') {
			one = one[1:]
		}
		if !strings.ContainsAny(one, digits) || strings.Trim(one, digits+" ().,/-") != "" {
			return false
		}
	}
	return true
}

// isSpreadsheetNumber reports whether text is a number as a spreadsheet shows one that does not fit its column,
// "4.91512E+11": the digits that are not shown are lost.
func isSpreadsheetNumber(text string) bool {
	text = strings.TrimSpace(text)
	e := strings.IndexAny(text, "eE")
	if e < 1 || e+1 == len(text) {
		return false
	}
	mantissa := strings.TrimLeft(text[:e], "+-")
	return mantissa != "" && strings.Trim(mantissa, "0123456789.,") == "" &&
		strings.Trim(strings.TrimPrefix(text[e+1:], "+"), "0123456789") == ""
}
