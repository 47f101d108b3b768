// Package oracle judges histories. It sees what a bystander sees - the users' edits, what the apps showed, what the
// engines wrote, what the library says - and computes from that which ends are acceptable. It knows nothing of how the
// library decides: it imports contact and nothing else of the project, so that a fault of the planner is not its own
// too.
//
// An [Oracle] keeps what the apps hold in truth, cell by cell, with who made it so; and for each connection what it was
// shown, which pairs it said were linked, and which cells are settled for certain. It asks of every write what could
// have caused it, and in the end, when nobody edits any more, whether everything is where it was promised to be. Where
// lag, a lost answer, a crash or a lost store leave more than one answer right, each of them is: it never accuses an
// engine of not knowing what it could not know.
//
// # What is judged
//
// The numbers are those of the project's invariants. Safety is judged at each write and each statement, the rest after
// Calm and as many rounds as everything needs to come to rest (three, and two for each further connection).
//
//	I1   both cells of a mapping hold the same, as far as both can hold it; one-way targets keep only what their users
//	     changed since; who should have a counterpart has one; actions of rules ran and were undone
//	I2   nothing is written when all is at rest, and no cell goes back and forth for ever
//	I3   no edit is lost: a write over an edit has a cause (the other side was edited, and its edit wins), and the
//	     history keeps what it overwrote
//	I4   every value that is written was held by whoever it can come from
//	I5   a deletion carries over a deletion: asked for, of a partner that users deleted, over no edit and no heir
//	I6   nobody is created twice: each created record is the counterpart of another one, and nobody bore its key already
//	I7   links are one to one, between two who have something in common, and last
//	I9   every write is one that a mapping or an action brings, by a rule that lets it through, and the history tells it,
//	     with a reason; it tells of nothing else
//	I11  a preview has nothing to tell when all is at rest
//	I16  deletions and clears in 24 hours, and creations in a sync, stay within the guards; an app that turns up empty
//	     deletes nothing
//	I17  nobody is deleted or marked because he was not listed
//	I18  nothing is cleared or taken away that nobody cleared or took away
//	I19  what an app cannot hold is not taken for cleared
//	I20  nothing flows against the direction; a preview writes nothing, and the sync after it does what it said
//	I21  an engine that was overtaken writes no more
//	I22  a sync does not run in circles
//	I24  a connection touches its own apps only, and tells of their records only
//	I28  counts and statuses are true, and every record is accounted for
//	I29  a rollback restores what nobody changed since, or says what it leaves
//	I30  the first sync over a store deletes nothing and clears nothing
//
// I8 shows in I3: what was settled is seen by what is written next. I15 and I23 show in I1: a change that a cursor
// passed over, or that waits for somebody else's failure, never arrives. I10 and I31 are for two histories to be
// compared ([Compare]). I12 to I14 are about plans, which a bystander does not see.
//
// # Where it is silent
//
//   - of I3 in a group of mappings (another field may be the cause), after a person decided about the record, and across
//     a lost or restored store, a rollback and a change of the configuration; of blanks in a group;
//   - of what is in an entry of a list beside its value: its type, and which one is primary;
//   - of who wins by time, unless both apps tell times by a right clock and the winner came after all that happened to
//     the other, by more than an engine's clock is behind;
//   - of a record that may have been taken for one that was being created when the answer was lost, until its pair has been
//     in sync by a connection in which both sides flow, of a cell that users changed after an update whose outcome is
//     unknown, or before it and the app did not show that, and of what is sent again, since nobody answered, over what the
//     app may have made of it;
//   - of cells that are frozen, and of what was cleared while the mapping kept the other side;
//   - of what a target of one-way flow holds since its user entered it, be it that a rollback put it back, or that a restored store
//     takes the connection's own write for a user's;
//   - of edits that an app without times showed, took back and showed again, and of those of a record that was made without an
//     answer and is found again as it was made, as far as the connection reads it;
//   - of fields that were hidden when they changed and did not change since, but for what the connection itself put into a list, and
//     of keys that are hidden; of what was shown as the store or the process failed, and is hidden since; of what the app made of a
//     value whose answer hid it, if somebody else had changed the record by the time that it showed;
//   - of a record whose id the app gave to somebody else;
//   - of what a person had created, linked or separated, as far as links and doubles go;
//   - of keys that several records share: whom a person is shown as a duplicate;
//   - of sticky connections with rules that only create, of the mode of a rule that is turned round, and of a record that
//     another one became part of, in a one-way connection or a conflict: the guides leave these open;
//   - of a record that got another id without a word, which looks like a deletion and somebody else, and of a call that
//     arrives after another engine took over;
//   - of an element for which a list once had no room;
//   - of counts and history that tell more than was written, where answers were lost;
//   - of previews, where something in the apps was not told yet, a sync broke off in its writes before, or an app refuses a
//     record for another one that has its value, and names that;
//   - of conflicts, failures and held operations, but for whether there can be any.
//
// A history that contradicts itself is reported as a violation of "history": that is a fault of whoever tells it.
package oracle
