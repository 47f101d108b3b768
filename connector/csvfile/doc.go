// Package csvfile connects a CSV file: a spreadsheet of people, or the export of Google Contacts, Outlook or
// HubSpot.
//
//	people := csvfile.File("contacts.csv")
//
// or, with what the file does not tell, [New].
//
// # Columns and fields
//
// The first line is the header. Every column becomes a field. A heading that is known ("Given Name", "E-mail 1 -
// Value", "Business Phone", "Labels") gives the field its meaning, and the first column of a meaning bears the
// meaning as its name: first, last, name, email, phone, company, title, notes, tags, birthday, website, street,
// city, region, postal_code, country, ... Where several columns compete, the plain heading comes before a mobile,
// a home and a work one, and number 1 before number 2. The others keep the type and lose the meaning: "E-mail 2 -
// Value" is email_2, and any other heading is written in lower case with underscores ("Lead Status" is
// lead_status). Config.Columns names fields otherwise.
//
// Tags, labels and categories are a set, separated by " ::: ", a semicolon or a comma, whichever the column has
// (in this order). An email, phone or website cell of several values joined by " ::: ", as Google writes them,
// tells its first; a write changes only that one. A date is read in ISO form ("1985-04-12", "--04-12"); of any
// other form it is not guessed which number is the month, so the field is not told, and not changed.
//
// # Rows and ids
//
// A row is known by its key: the column that Config.Key names, else "Record ID", "Contact ID", "ID", "UID" or the
// like. The key of a row that we create is made from the marker of the write, so that a repeated create finds what
// the first one did. Two rows with one key are both unreadable until somebody tells them apart.
//
// Where there is no key, the id is derived from the row: from its email, with the name where rows share the email;
// else from phone and name; else from name and company; else from all of it. An edit of that looks like a row that
// went and another that came, and the sync relinks the two by their email, phone or name. The first write to a row
// whose key cell is blank fills in the derived id, so that the row keeps it. Config.AddKey adds a key column to a
// file that has none; it is worth it for a file that is edited on both sides.
//
// # What a write leaves alone
//
// A write changes the cells that it names and no other byte: unknown columns, quoting, line ends, a byte order
// mark, a "sep=;" line, blank lines and rows that cannot be read stay. The file is replaced as a whole by renaming
// a new one over it, and only if it still holds what was read. Its mode is kept; its owner may not be, and a hard
// link to it goes on holding the old content.
//
// A value that a spreadsheet would take for a formula (one that begins with =, +, -, @, a tab or a line break, and is no
// number or phone number) is written behind an apostrophe, which reading takes away. [Config].Raw leaves it out.
//
// # What is refused
//
// A row that has too few or too many cells, a stray quote, or a phone number that a spreadsheet made a number of
// ("4.91512E+11") is reported as unreadable and counts as present. A file is refused, with the line, where going
// on would be a guess: a quote that is never closed, two headings that are the same, NUL characters, text that is
// not in the declared encoding (UTF-8, unless a byte order mark or Config.Encoding says otherwise), line ends of
// CR alone, a cell over 64 KiB, more than a million rows or 999 columns, or no file at all.
package csvfile
