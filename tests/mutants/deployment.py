"""Defects of nginx's configuration, of MongoDB's users and of compose."""

from tests.mutants.mutant import Edit, Mutant

FAILURES = "tests/integration/deployment/test_edge_failures.py"
PROBLEMS = "tests/e2e/test_problems.py"
RIGHTS = "tests/integration/deployment/test_mongo_rights.py"
REPEATED = "proxy_next_upstream error timeout invalid_header http_502;"

MUTANTS = (
    Mutant(
        "an instance that hangs is not retried at another by nginx (504)",
        f"{FAILURES}::test_an_instance_that_fails_is_not_the_last_word[hangs]",
        (Edit("nginx.conf", REPEATED, "proxy_next_upstream error invalid_header http_502;"),),
    ),
    Mutant(
        "nginx asks another instance again after a 503",
        f"{FAILURES}::test_an_error_of_an_instance_passes_unchanged_and_is_not_repeated",
        (Edit("nginx.conf", REPEATED, REPEATED.replace(";", " http_503;")),),
    ),
    Mutant(
        "nginx answers by plain HTTP with pages of its own",
        f"{PROBLEMS}::test_every_error_by_plain_http[words]",
        (
            Edit("nginx.conf", "    error_page 400 414 501 505 /problem;\n", ""),
            Edit(
                "nginx.conf",
                "    server {\n        include nginx/listen.conf;\n",
                "    server {\n        include nginx/listen.conf;\n        error_page 400 414 501 505 /problem;\n",
            ),
        ),
    ),
    Mutant(
        "the API's MongoDB user may delete any document",
        f"{RIGHTS}::test_each_action_on_each_collection[api-shop-rollups]",
        (
            Edit(
                "compose/mongo-roles.json",
                '{ "resource": { "db": "DATABASE", "collection": "" }, "actions": ["find"] }',
                '{ "resource": { "db": "DATABASE", "collection": "" }, "actions": ["find", "remove"] }',
            ),
        ),
    ),
    Mutant(
        "the consumer's MongoDB user may read tokens",
        f"{RIGHTS}::test_each_action_on_each_collection[consumer-shop_access-api_tokens]",
        (
            Edit(
                "compose/mongo-roles.json",
                '  "consumer": [\n',
                '  "consumer": [\n'
                '    { "resource": { "db": "DATABASE_access", "collection": "" }, "actions": ["find"] },\n',
            ),
        ),
    ),
    Mutant(
        "the API's MongoDB user may make tokens",
        f"{RIGHTS}::test_each_action_on_each_collection[api-shop_access-api_tokens]",
        (
            Edit(
                "compose/mongo-roles.json",
                '"actions": ["find", "changeStream"]',
                '"actions": ["find", "changeStream", "insert"]',
            ),
        ),
    ),
)
