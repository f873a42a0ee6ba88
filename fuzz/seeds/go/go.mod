module x.dev/a/b
require (
	x.dev/a/c v1
)
