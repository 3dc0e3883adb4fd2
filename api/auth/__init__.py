"""Decides who asks: turns a bearer token and where its request comes from into a caller with rights.

In come the text of a token and the ASGI scope of its request; out goes a `Caller`, or an exception that
`api.web.checks` turns into answers: InvalidToken and ExpiredToken (401), WrongAddress (403), DatabaseUnavailable
(503). `api.services` makes the objects; `scripts.tokens` makes tokens and their records by the same modules. This
package reads MongoDB through `api.reads`, which knows nothing of tokens.

The life of a token check, in `Access.caller`:

    1. Shape       At most 1024 bytes, three parts of base64url. Nothing longer is even hashed.
    2. Signature   A text that was proven before is found by its SHA-256, among the last 10,000, and only its times are
                   compared again. Any other text is proven: its header, its signature by the one key that its `kid`
                   names, its claims. That is why a check takes 27 µs (HS256) or 90 µs (ES256) for a new token and 2.5
                   µs for a token seen before (ADR 4; `python -m bench.token_checks` measures it).
    3. Record      Its record in `api_tokens` may end a token at any time. The record is kept in memory and trusted for
                   3 s (TOKEN_TRUST_SECONDS) after MongoDB last confirmed it: the change stream confirms all records
                   about once a second. Without a stream each record is read again after those 3 s; if MongoDB does
                   not answer then, the request gets 503, never 200.
                   A token whose time is over is refused before this step's answer matters; the record decides whether
                   its holder learns when it expired (`ExpiredToken`) or, if it was revoked, nothing.
    4. Network     A token that is limited to networks is valid only for a client address in one of them.
    5. Use         The use is noted in memory. Every 5 s the notes are written, for each token at most once a minute.

So a revocation takes effect within 5 s: at once where the change stream works, else after the 3 s of trust and the time
that one read takes. A key that is put into the folder of keys, or taken out, counts within 5 s.

    client_address   the client's address, as trusted proxies report it
    key_strength     which secrets are too weak to sign; pure
    keys             TokenKey: the keys that sign and prove tokens, from the settings
    key_ring         KeyRing: the folder of keys, read again while the service runs
    tokens           signs and proves: TokenSigner, TokenVerifier, TokenClaims; the one module that imports python-jose
    records          TokenRecords: records of tokens, read in batches and kept; Caller
    revocation       TokenWatch: the change stream that says which records changed
    last_use         TokenUse: writes when tokens were last used
    access           Access: the check itself
"""
