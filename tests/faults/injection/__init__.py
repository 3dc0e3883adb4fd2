"""What does the harm in a scenario; beyond the servers' own `kill` and `freeze`.

- `fleet`: consumers that are killed and started again and again
- `steps`: at each step of a transaction a consumer that dies and one that freezes
- `limited`: the consumer with a limit on its memory
- `shifted`: the consumer with a clock that is wrong
- `members`: a replica set of three, whose primary steps down, dies or freezes
- `disk`: a small disk that a test fills
- `wire`, `proxy`: a TCP proxy before MongoDB that cuts connections, swallows replies or falls silent
"""
