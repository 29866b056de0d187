// Redis Streams by hiredis. Appending is XADD, `batch` commands written at once and then their answers read. Reading is
// XRANGE in pages. Streams have no groups: `fill` also appends each record to a stream of its group, and one group is
// read from that.
#include <hiredis/hiredis.h>

#include "client.h"

enum { PAGE = 1000 };
static struct options o;
static redisContext *redis;

static redisReply *answer(void) {
    redisReply *reply = NULL;
    if (redisGetReply(redis, (void **)&reply) != REDIS_OK) fail("Redis: %s", redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR) fail("Redis: %s", reply->str);
    return reply;
}

static void add(const char *stream, const char *bytes) {
    const char *words[] = {"XADD", stream, "*", "data", bytes};
    size_t lengths[] = {4, strlen(stream), 1, 4, (size_t)o.bytes};
    redisAppendCommandArgv(redis, 5, words, lengths);
}

static void append(void) {
    int is_filling = !strcmp(o.mode, "fill");
    struct record record = record_begin(&o);
    char group[32];
    double begin = now(), cpu = own_cpu();
    for (long i = 0; i < o.records;) {
        long end = i + o.batch < o.records ? i + o.batch : o.records, commands = 0;
        for (; i < end; i++) {
            const char *bytes = record_write(&record, i);
            add("log", bytes);
            commands++;
            if (!is_filling) continue;
            snprintf(group, sizeof group, "log:%ld", i % o.groups);
            add(group, bytes);
            commands++;
        }
        while (commands-- > 0) {
            redisReply *reply = answer();
            if (reply->type != REDIS_REPLY_STRING) fail("XADD was not answered with an identifier");
            freeReplyObject(reply);
        }
    }
    report_appending(&o, begin, cpu);
}

static void read_stream(struct reading *r) {
    char stream[32] = "log", from[64] = "-";
    if (r->group >= 0) snprintf(stream, sizeof stream, "log:%ld", r->group);
    for (size_t count = PAGE; count == PAGE;) {
        redisAppendCommand(redis, "XRANGE %s %s + COUNT %d", stream, from, PAGE);
        redisReply *page = answer();
        count = page->elements;
        for (size_t i = 0; i < count; i++) {
            redisReply *fields = page->element[i]->element[1];
            if (fields->elements != 2) fail("an entry has %zu fields", fields->elements);
            reading_take(r, fields->element[1]->str, fields->element[1]->len);
        }
        if (count > 0) snprintf(from, sizeof from, "(%s", page->element[count - 1]->element[0]->str);
        freeReplyObject(page);
    }
}

int main(int argc, char **argv) {
    o = options_read(argc, argv);
    if (!strcmp(o.mode, "version")) {
        printf("hiredis %d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
        return 0;
    }
    redis = redisConnectWithTimeout("127.0.0.1", (int)o.port, (struct timeval){PATIENCE_S, 0});
    if (!redis || redis->err) fail("Redis: %s", redis ? redis->errstr : "no memory");
    redisSetTimeout(redis, (struct timeval){PATIENCE_S, 0});
    if (!strcmp(o.mode, "append") || !strcmp(o.mode, "fill")) append();
    else measure_reading(&o, read_stream);
    redisFree(redis);
    return 0;
}
