"""What Schemathesis has to be told of our API: one object of JSON is also one line of many."""

import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "application/json")
