"""What both services and the scripts have in common. It imports neither of them; any module may import it.

The contract with producers, and what MongoDB holds:

- `events`: the wire contract: what a message must be, and the reasons why one is rejected
- `documents`: the collections, their documents, `_id`s and field names
- `decimals`: the arithmetic of Decimal128
- `name_key`: the key by which a product's name is found
- `name_index`: the index of these keys, and the keys that documents lack
- `schema`: the version of what a database holds, and its migrations
- `errors`: every exception of this project, as a tree

What every process needs to run:

- `setting_types`, `settings`: settings, read from the environment
- `logs`: structured logs
- `metrics`: Prometheus metrics
- `mongo`: MongoDB clients, and the collections that must exist
- `reporting`, `bugsnag_reports`: reports of errors to Bugsnag
"""
