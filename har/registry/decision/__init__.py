"""One page for a decision between two versions.

- `har.registry.decision.stretches`: where two versions disagree on test people, by the answers
  that evaluation stored.
- `har.registry.decision.plots`: a stretch drawn, with its signal where the store still has it.
- `har.registry.decision.verdicts`: the gate's rules with their distance, and what may go back.
- `har.registry.decision.own`: both on labelled files of one's own.
- `har.registry.decision.page`: the page.
"""
