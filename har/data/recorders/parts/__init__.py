"""What recorders share: `heads`, `sheets`, `clocks`, `groups`, `values`, `objects`, `binary`."""
