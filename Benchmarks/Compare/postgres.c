// PostgreSQL by libpq: a table whose rows have a number by a sequence, with an index on the group and that number.
// Appending is a COPY of `batch` rows, each a transaction of its own. All is read by COPY in the order of the table's
// pages, which is that of appending as long as nothing is deleted; one group by a prepared statement through the index,
// row by row, in binary.
#include <arpa/inet.h>
#include <libpq-fe.h>

#include "client.h"

static struct options o;
static PGconn *postgres;

static PGresult *run(PGresult *result, ExecStatusType wanted) {
    if (PQresultStatus(result) != wanted) fail("PostgreSQL: %s", PQerrorMessage(postgres));
    return result;
}

static void execute(const char *statement) { PQclear(run(PQexec(postgres, statement), PGRES_COMMAND_OK)); }

static void append(void) {
    execute("CREATE TABLE log "
            "(number bigint GENERATED ALWAYS AS IDENTITY, list_id integer NOT NULL, data text NOT NULL)");
    execute("CREATE INDEX log_by_list ON log (list_id, number)");
    struct record record = record_begin(&o);
    char *rows = malloc((size_t)o.batch * (size_t)(o.bytes + 32));
    if (!rows) fail("there is no memory");
    double begin = now(), cpu = own_cpu();
    for (long i = 0; i < o.records;) {
        long end = i + o.batch < o.records ? i + o.batch : o.records;
        char *to = rows;
        for (; i < end; i++) {
            to += sprintf(to, "%ld\t", i % o.groups);
            // A record has no character that COPY would want escaped.
            to = mempcpy(to, record_write(&record, i), (size_t)o.bytes);
            *to++ = '\n';
        }
        PQclear(run(PQexec(postgres, "COPY log (list_id, data) FROM STDIN"), PGRES_COPY_IN));
        if (PQputCopyData(postgres, rows, (int)(to - rows)) != 1 || PQputCopyEnd(postgres, NULL) != 1)
            fail("PostgreSQL: %s", PQerrorMessage(postgres));
        PQclear(run(PQgetResult(postgres), PGRES_COMMAND_OK));
        if (PQgetResult(postgres)) fail("PostgreSQL answered twice");
    }
    report_appending(&o, begin, cpu);
    // Readers of a log that is in use find this done: statistics, and rows marked as seen by all.
    if (!strcmp(o.mode, "fill")) execute("VACUUM (ANALYZE) log");
}

static void read_all(struct reading *r) {
    PQclear(run(PQexec(postgres, "COPY log (data) TO STDOUT"), PGRES_COPY_OUT));
    char *row;
    int length;
    while ((length = PQgetCopyData(postgres, &row, 0)) > 0) {
        reading_take(r, row, (size_t)length - 1);  // without its newline
        PQfreemem(row);
    }
    if (length != -1) fail("PostgreSQL: %s", PQerrorMessage(postgres));
    PQclear(run(PQgetResult(postgres), PGRES_COMMAND_OK));
    if (PQgetResult(postgres)) fail("PostgreSQL answered twice");
}

static void read_group(struct reading *r) {
    uint32_t group = htonl((uint32_t)r->group);
    const char *values[] = {(const char *)&group};
    int lengths[] = {sizeof group}, are_binary[] = {1};
    if (!PQsendQueryPrepared(postgres, "group", 1, values, lengths, are_binary, 1) || !PQsetSingleRowMode(postgres))
        fail("PostgreSQL: %s", PQerrorMessage(postgres));
    for (PGresult *row; (row = PQgetResult(postgres)); PQclear(row)) {
        if (PQresultStatus(row) == PGRES_TUPLES_OK) continue;  // the end
        run(row, PGRES_SINGLE_TUPLE);
        reading_take(r, PQgetvalue(row, 0, 0), (size_t)PQgetlength(row, 0, 0));
    }
}

int main(int argc, char **argv) {
    o = options_read(argc, argv);
    if (!strcmp(o.mode, "version")) {
        printf("libpq %d\n", PQlibVersion() / 10000);
        return 0;
    }
    char place[128];
    snprintf(place, sizeof place, "host=127.0.0.1 port=%ld user=postgres dbname=postgres sslmode=disable", o.port);
    postgres = PQconnectdb(place);
    if (PQstatus(postgres) != CONNECTION_OK) fail("PostgreSQL: %s", PQerrorMessage(postgres));
    if (!strcmp(o.mode, "append") || !strcmp(o.mode, "fill")) {
        append();
    } else if (!strcmp(o.mode, "all")) {
        measure_reading(&o, read_all);
    } else {
        const char *statement = "SELECT data FROM log WHERE list_id = $1 ORDER BY number";
        PQclear(run(PQprepare(postgres, "group", statement, 0, NULL), PGRES_COMMAND_OK));
        measure_reading(&o, read_group);
    }
    PQfinish(postgres);
    return 0;
}
