"""What `python -m scripts.dead_letters` does with rejected messages, one concept a module.

options      of the commands
selection    which dead letters are meant
told         what cannot be done, in words
original     a message whole again: from the letter, or from Kafka where the letter was cut
replay       judged again, and stored with the change of state
run          a run over many letters
show         what a person sees; what a program reads
"""
