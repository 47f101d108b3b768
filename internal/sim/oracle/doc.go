// Package oracle judges histories. It sees what a bystander sees - the users' edits, what the apps showed, what the engines
// wrote, what the library says - and computes from that which ends are acceptable. It knows nothing of how the library
// decides: it imports contact and nothing else of the project, so that a fault of the planner is not its own too.
package oracle
