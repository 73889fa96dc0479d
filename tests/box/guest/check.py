"""Prints what SQLite says about the history ("ok" if all is well) and how many rows it has."""

import sqlite3
import sys
from pathlib import Path

STATE = Path("/var/lib/jukebox")
ROWS = "select sum(n) from (select count(*) n from moods union all select count(*) from plays "
ROWS += "union all select count(*) from minutes union all select count(*) from touches)"

db = sqlite3.connect(f"file:{STATE}/jukebox.db?mode=ro", uri=True, timeout=30.0)
(integrity,) = db.execute("PRAGMA integrity_check(1)").fetchone()
orphans = db.execute("PRAGMA foreign_key_check").fetchall()
damaged = [path.name for path in STATE.glob("*.corrupt-*")]
(rows,) = db.execute(ROWS).fetchone()
sys.stdout.write(f"integrity {integrity}, orphans {orphans}, set aside {damaged}\n{rows}\n")
