// JetStream of nats-server by libnats: a stream in files for the subjects log.GROUP. Appending is asynchronous
// publishing with at most `batch` messages unacknowledged; reading is an ordered consumer of all subjects or of one.
#include <nats/nats.h>

#include "client.h"

static struct options o;
static jsCtx *jetstream;

static void check(natsStatus status, const char *what) {
    if (status != NATS_OK) fail("JetStream: %s: %s", what, natsStatus_GetText(status));
}

static void on_failure(jsCtx *context, jsPubAckErr *failure, void *closure) {
    (void)context, (void)closure;
    fail("JetStream refused a message: %s", failure->ErrText);
}

static void append(void) {
    const char *subjects[] = {"log.>"};
    jsStreamConfig stream;
    jsStreamConfig_Init(&stream);
    stream.Name = "LOG";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Storage = js_FileStorage;
    check(js_AddStream(NULL, jetstream, &stream, NULL, NULL), "no stream");

    struct record record = record_begin(&o);
    char subject[32];
    double begin = now(), cpu = own_cpu();
    for (long i = 0; i < o.records; i++) {
        snprintf(subject, sizeof subject, "log.%ld", i % o.groups);
        check(js_PublishAsync(jetstream, subject, record_write(&record, i), (int)o.bytes, NULL), "cannot publish");
    }
    jsPubOptions patience;
    jsPubOptions_Init(&patience);
    patience.MaxWait = PATIENCE_S * 1000;
    check(js_PublishAsyncComplete(jetstream, &patience), "not all was acknowledged");
    report_appending(&o, begin, cpu);
}

static void read_subject(struct reading *r) {
    char subject[32] = "log.>";
    if (r->group >= 0) snprintf(subject, sizeof subject, "log.%ld", r->group);
    jsSubOptions ordered;
    jsSubOptions_Init(&ordered);
    ordered.Ordered = true;
    natsSubscription *subscription;
    check(js_SubscribeSync(&subscription, jetstream, subject, NULL, &ordered, NULL), "cannot subscribe");
    // Never so many wait here that some are dropped, which the ordered consumer would make up for by asking again.
    check(natsSubscription_SetPendingLimits(subscription, -1, -1), "no limits");
    while (r->count < r->expected) {
        natsMsg *message;
        check(natsSubscription_NextMsg(&message, subscription, PATIENCE_S * 1000), "no message");
        reading_take(r, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message));
        natsMsg_Destroy(message);
    }
    check(natsSubscription_Unsubscribe(subscription), "cannot unsubscribe");
    natsSubscription_Destroy(subscription);
}

int main(int argc, char **argv) {
    o = options_read(argc, argv);
    if (!strcmp(o.mode, "version")) {
        printf("libnats %s\n", nats_GetVersion());
        return 0;
    }
    char url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%ld", o.port);
    natsConnection *connection;
    check(natsConnection_ConnectTo(&connection, url), "cannot connect");
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = PATIENCE_S * 1000;
    options.PublishAsync.MaxPending = o.batch;
    options.PublishAsync.StallWait = PATIENCE_S * 1000;
    options.PublishAsync.ErrHandler = on_failure;
    check(natsConnection_JetStream(&jetstream, connection, &options), "no JetStream");
    if (!strcmp(o.mode, "append") || !strcmp(o.mode, "fill")) append();
    else measure_reading(&o, read_subject);
    jsCtx_Destroy(jetstream);
    natsConnection_Destroy(connection);
    nats_Close();
    return 0;
}
