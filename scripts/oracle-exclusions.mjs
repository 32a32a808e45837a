// What the built-in database does not claim to pass of the tests of others, and why. A pattern is looked for in
// "<file>: <title>" of mongoose's tests, and in "<folder>/<file>: <title>" of the specifications. Every test is
// run; a failure that has a reason here is counted under it, any other makes the run fail.

export const MONGOOSE = [
  [
    "Text indexes and text search are refused (67, 2): SQLite's order of keys cannot serve them.",
    /text (score|search|index)|text index|\$meta projection|gh-13136/i,
  ],
  [
    "Geo indexes and operators are refused (67, 2).",
    /geojson\.|2d|\$?near|\$within|\$centerSphere|\$geo|[gG]eo(spatial|json|Within|Intersects)|minDistance/,
  ],
  [
    "Collations are refused (238): keys have one order.",
    /collation|autoCreate \(gh-6489\)|avoids creating collection if autoCreate: false|setting option in pre \(gh-7606\)/i,
  ],
  [
    "Capped, clustered and time-series collections are refused (238).",
    /capped|clusteredIndex|timeseries|collectionOptions|gh-11229|createCollection\(\)$|gh-8566/,
  ],
  ["Validators of collections are refused (238).", /jsonSchema\(\)/],
  ["Change streams are refused (40324).", /watch\(\)|resumeToken|fullDocument|gh-11007.*/],
  ["JavaScript in queries is refused (2).", /\$where|maxTimeMS\(\)/],
  [
    "Stages that write, walk graphs or run several pipelines are refused (40324).",
    /\$out|graphLookup|exec facet/,
  ],
  [
    "Expressions on pieces of dates and on decimal places are refused (168).",
    /transactions aggregate$|supports updateOne with update pipeline/,
  ],
  ["Indexes cannot be hidden: collMod is refused (59).", /hideIndexes/],
  ["Aggregations without a collection are refused (73).", /db-level aggregate|connection-level aggregate/],
  ["Hashed indexes are refused (67).", /hashed indexes/],
  ["Operators on bits are refused (2).", /\$bits/],
  [
    "It needs a secondary; there is one node.",
    /secondary read preference|inherits its models schema read option/,
  ],
  [
    "It takes the address out of a connection string, and expects one without a user.",
    /with mongoose\.createConnection\(\)$/,
  ],
];

export const SPECIFICATIONS = [
  ["Collations are refused (238): keys have one order.", /collation/i],
  [
    "Stages that write are refused (40324).",
    /\$out|\$merge|Aggregate to collection with let option|with out stage/,
  ],
  [
    "$setField and $rand are refused (168).",
    /aggregate-let: Aggregate with let option|dots_and_dollars: Updating document to set/,
  ],
  ["Aggregations without a collection are refused (73).", /db-aggregate/],
  [
    "Reads of a snapshot outside of a transaction are refused (246).",
    /snapshot-sessions|when readConcern level is snapshot/,
  ],
  ["Views are refused (238).", /on views/],
  ["Validators of collections are refused (238).", /document validation errInfo/],
  [
    "Definitions are not changed inside a transaction: createIndexes is refused (263), a collection is created at once.",
    /transactions\/create-(index|collection)/,
  ],
  [
    "About what this driver sends: it does not send `bypassDocumentValidation: false`.",
    /bypassDocumentValidation: false/,
  ],
  ["About what this driver sends: it gives a document an _id in place of null.", /create-null-ids/],
  [
    "About what this driver sends after a broken connection, and with which time.",
    /succeeds after multiple connection errors|options inherited from client$/,
  ],
  ["The runner does not know bulk writes of a client, which need a newer server.", /client-bulkWrite/],
  ["The runner does not imitate a connection that hangs.", /blockConnection/],
];
