"""What reaches a terminal: text, and colours of ours; nothing of it acts.

- `har.terminal.stream`: standard output and standard error, guarded, whoever writes to them.
- `har.terminal.console`: consoles of Rich that show text of others as text.
- `har.terminal.log`: lines of a log.
- `har.terminal.machine`: JSON that no terminal acts on.

Commands print with `har.cli.output`, which builds on these.
"""
