package vcard

// Keep makes the splitter hold so many bytes of each photo.
func (s *Splitter) Keep(n int) { s.keep = n }
