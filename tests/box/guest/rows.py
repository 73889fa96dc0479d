"""Sends every row of the history to the rig as soon as another process can read it.

In WAL mode a reader sees a transaction once its log has been synced and the index written. So what
this process has sent is what the jukebox has acknowledged to the world.
"""

import json
import sqlite3
import sys
import time

PORT = "/dev/virtio-ports/box.rows"
DATABASE = "file:/var/lib/jukebox/jukebox.db?mode=ro"
TABLES = ("moods", "plays", "minutes", "touches")
PAUSE_S = 0.2


def new_rows(db: sqlite3.Connection, table: str, last: int) -> list[sqlite3.Row]:
    """The rows after number last."""
    return db.execute(f"select * from {table} where id > ? order by id", [last]).fetchall()


def send(port) -> None:
    """Sends rows until the database cannot be read."""
    last = dict.fromkeys(TABLES, 0)
    db = sqlite3.connect(DATABASE, uri=True, timeout=5.0)
    db.row_factory = sqlite3.Row
    while True:
        for table in TABLES:
            for row in new_rows(db, table, last[table]):
                last[table] = row["id"]
                port.write(json.dumps([table, dict(row)]).encode() + b"\n")
        time.sleep(PAUSE_S)


def main() -> None:
    """Starts again with each new database."""
    with open(PORT, "wb", buffering=0) as port:
        while True:
            try:
                send(port)
            except (sqlite3.Error, OSError) as error:
                sys.stderr.write(f"rows: {error}\n")
                time.sleep(1.0)


if __name__ == "__main__":
    main()
