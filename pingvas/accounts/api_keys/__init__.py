"""Keys for programs: what each may do, from where, until when and for how many credits."""
