BEGIN TRANSACTION;
CREATE TABLE engines (id INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE);
INSERT INTO "engines" VALUES(1,'mini|sha:1');
INSERT INTO "engines" VALUES(2,'human');
CREATE TABLE entries (
        key BLOB PRIMARY KEY,
        source TEXT NOT NULL, target TEXT NOT NULL, role TEXT NOT NULL, context TEXT NOT NULL,
        text TEXT NOT NULL, translation TEXT NOT NULL, engine_id INTEGER NOT NULL, asserted INTEGER NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "entries" VALUES(X'809548D09CD2915624B7D69286C8FE38','en','ja','answer','','cat','猫',1,0);
INSERT INTO "entries" VALUES(X'CD3B7311362A1A36045E861A6CD1B9C0','en','ja','question','','bus','バス',2,1);
INSERT INTO "entries" VALUES(X'E6A044259ABBB2897C27490244B4073D','en','hi','answer','What color is it?','orange','नारंगी',1,0);
CREATE INDEX asserted_entries ON entries (source, target) WHERE asserted = 1;
COMMIT;
PRAGMA user_version = 1;
