"""Shows an operator the dead letters, the stored records of rejected messages, and replays, discards or exports them.

In come the documents of `rejected_events`, chosen on the command line, and for a letter that was cut its message in
Kafka. Out go a table, text or JSON; or letters in another state, and for a replay also events and sums. No other
program imports from this package.

__main__         the commands `list`, `show`, `replay`, `discard` and `export`
options          the options that several commands share
selection        options -> the letters that are meant
error_messages   what cannot be done -> a line for a person and an exit code
original_value   a letter -> its whole message, from Kafka where the letter was cut
replay           messages -> the contract's judgement today; accepted ones -> events, sums and the letters' new state
replay_run       a run of `replay` over many letters, and its report
display          letters -> a table, text, JSON
discarding       letters -> shown, asked about, marked as discarded
"""
