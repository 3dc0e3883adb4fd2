"""Makes a server's certificate for one machine or a trial, signed by a local authority, and renews it.

In come two folders and the server's names. Out go files: the certificate, its key and the authority's certificate in
one folder, the authority's key in the other. `make up` and the tests call `local_authority`; `__main__` is the command
that compose runs.

__main__          the command and its options
local_authority   what the folders hold -> a new authority, a new certificate, or nothing to do
"""
