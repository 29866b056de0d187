// SQLite in this process: a write-ahead log, each transaction of `batch` rows synced (synchronous=FULL), an index on
// the group. Reading goes through the table's own order, or through the index. There is no server: what is measured is
// this process, with the writing and the checking of records.
#include <sqlite3.h>

#include "client.h"

static struct options o;
static sqlite3 *database;

static void check(int status, int wanted) {
    if (status != wanted) fail("SQLite: %s", sqlite3_errmsg(database));
}

static void execute(const char *statement) { check(sqlite3_exec(database, statement, NULL, NULL, NULL), SQLITE_OK); }

static sqlite3_stmt *prepare(const char *text) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(database, text, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

static void append(void) {
    execute("CREATE TABLE log (number INTEGER PRIMARY KEY, list_id INTEGER NOT NULL, data TEXT NOT NULL)");
    execute("CREATE INDEX log_by_list ON log (list_id)");  // which holds the number too
    struct record record = record_begin(&o);
    sqlite3_stmt *insert = prepare("INSERT INTO log (list_id, data) VALUES (?, ?)");
    double begin = now(), cpu = own_cpu();
    for (long i = 0; i < o.records;) {
        long end = i + o.batch < o.records ? i + o.batch : o.records;
        execute("BEGIN");
        for (; i < end; i++) {
            sqlite3_bind_int64(insert, 1, i % o.groups);
            sqlite3_bind_text(insert, 2, record_write(&record, i), (int)o.bytes, SQLITE_STATIC);
            check(sqlite3_step(insert), SQLITE_DONE);
            sqlite3_reset(insert);
        }
        execute("COMMIT");
    }
    report_appending(&o, begin, cpu);
    sqlite3_finalize(insert);
}

static void read_rows(struct reading *r) {
    sqlite3_stmt *select = r->group < 0 ? prepare("SELECT data FROM log ORDER BY number")
                                        : prepare("SELECT data FROM log WHERE list_id = ? ORDER BY number");
    if (r->group >= 0) sqlite3_bind_int64(select, 1, r->group);
    int status;
    while ((status = sqlite3_step(select)) == SQLITE_ROW)
        reading_take(r, (const char *)sqlite3_column_text(select, 0), (size_t)sqlite3_column_bytes(select, 0));
    check(status, SQLITE_DONE);
    sqlite3_finalize(select);
}

int main(int argc, char **argv) {
    o = options_read(argc, argv);
    if (!strcmp(o.mode, "version")) {
        printf("SQLite %s\n", sqlite3_libversion());
        return 0;
    }
    check(sqlite3_open(o.path, &database), SQLITE_OK);
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    if (!strcmp(o.mode, "append") || !strcmp(o.mode, "fill")) append();
    else measure_reading(&o, read_rows);
    check(sqlite3_close(database), SQLITE_OK);
    return 0;
}
