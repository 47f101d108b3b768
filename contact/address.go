package contact

// Part returns the named part of the address ([AddressParts]), "" if there is none of that name.
func (a Address) Part(name string) string {
	if p := a.part(name); p != nil {
		return *p
	}
	return ""
}

// WithPart returns the address with the named part replaced; a name that is none of [AddressParts] changes nothing.
func (a Address) WithPart(name, text string) Address {
	if p := a.part(name); p != nil {
		*p = text
	}
	return a
}
